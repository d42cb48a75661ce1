{{- define "esker.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* 40 characters leave room for what is appended. */}}
{{- define "esker.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "esker.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "esker.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "esker.selector" -}}
app.kubernetes.io/name: {{ include "esker.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "esker.labels" -}}
{{ include "esker.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "esker.image" -}}
{{- with .Values.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "esker.etcdImage" -}}
{{- with .Values.etcd.bundled.image -}}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ .tag }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "esker.serviceAccount" -}}
{{- default (ternary (include "esker.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end -}}

{{- define "esker.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "esker.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* The most brokers there can be. */}}
{{- define "esker.brokers" -}}
{{- with .Values.broker -}}
{{- if .autoscaling.enabled }}{{ .autoscaling.maxReplicas }}{{ else }}{{ .replicas }}{{ end -}}
{{- end -}}
{{- end -}}

{{- define "esker.etcdEndpoints" -}}
{{- $name := printf "%s-etcd" (include "esker.fullname" .) -}}
{{- range $i := until 3 }}{{ if $i }},{{ end }}http://{{ $name }}-{{ $i }}.{{ $name }}.{{ $.Release.Namespace }}.svc:2379{{ end -}}
{{- end -}}

{{- define "esker.metaUrl" -}}
{{- $etcd := .Values.etcd -}}
{{- $prefix := default (include "esker.fullname" .) $etcd.prefix -}}
{{- if $etcd.bundled.enabled -}}
etcd://{{ include "esker.etcdEndpoints" . | replace "http://" "" }}/{{ $prefix }}
{{- else -}}
{{ ternary "etcds" "etcd" $etcd.external.tls.enabled }}://{{ join "," $etcd.external.endpoints }}/{{ $prefix }}
{{- end -}}
{{- end -}}

{{/* The configuration file. */}}
{{- define "esker.config" -}}
{{- $v := .Values -}}
{{- $tls := $v.etcd.external.tls -}}
{{- $config := dict
  "node" (dict "data_dir" "/var/lib/esker" "shards" (int $v.broker.shards))
  "listeners" (dict "kafka" "0.0.0.0:9092" "grpc" "0.0.0.0:9094" "api" "0.0.0.0:9095" "http" "0.0.0.0:9096")
  "meta" (dict "url" (include "esker.metaUrl" .))
  "object_store" (dict "url" $v.objectStore.url "region" $v.objectStore.region)
  "log" (dict "level" $v.broker.log.level "format" $v.broker.log.format)
  "replication" (dict "factor" (int $v.broker.replication.factor) "write_quorum" (int $v.broker.replication.writeQuorum)) -}}
{{- if $v.objectStore.endpoint }}{{ $_ := set $config.object_store "endpoint" $v.objectStore.endpoint }}{{ end -}}
{{- if and $tls.enabled $tls.existingSecret -}}
{{- $_ := set $config.meta "tls_ca" "/etc/esker/etcd/ca.crt" -}}
{{- if $tls.certKey }}{{ $_ := set $config.meta "tls_cert" "/etc/esker/etcd/tls.crt" }}{{ $_ := set $config.meta "tls_key" "/etc/esker/etcd/tls.key" }}{{ end -}}
{{- end -}}
{{- range $section, $keys := $v.broker.config -}}
{{- if not (hasKey $config $section) }}{{ $_ := set $config $section dict }}{{ end -}}
{{- range $key, $value := $keys -}}
{{- $_ := set (get $config $section) $key $value -}}
{{- end -}}
{{- end -}}
{{- range $section, $keys := $config }}
[{{ $section }}]
{{- range $key, $value := $keys }}
{{ $key | quote }} = {{ if kindIs "float64" $value }}{{ int64 $value }}{{ else }}{{ $value | toJson }}{{ end }}
{{- end }}
{{ end -}}
{{- end -}}

{{/* What the schema cannot say. Messages begin with the key. */}}
{{- define "esker.check" -}}
{{- $v := .Values -}}
{{- $ext := $v.etcd.external -}}
{{- if not $v.objectStore.url }}{{ fail "objectStore.url is required: the bucket, for example s3://my-bucket/esker" }}{{ end -}}
{{- if and (not $v.etcd.bundled.enabled) (not $ext.endpoints) }}{{ fail "etcd.external.endpoints is required, or etcd.bundled.enabled" }}{{ end -}}
{{- if and $v.etcd.bundled.enabled $ext.endpoints }}{{ fail "etcd.external.endpoints and etcd.bundled.enabled exclude each other" }}{{ end -}}
{{- if and $v.etcd.bundled.enabled (not $v.etcd.bundled.image.repository) }}{{ fail "etcd.bundled.image.repository is required with etcd.bundled.enabled: where you have etcd's official image" }}{{ end -}}
{{- if and $ext.tls.existingSecret (not $ext.tls.enabled) }}{{ fail "etcd.external.tls.existingSecret is given, but etcd.external.tls.enabled is false" }}{{ end -}}
{{- if ne (empty $ext.tls.certKey) (empty $ext.tls.keyKey) }}{{ fail "etcd.external.tls.certKey and etcd.external.tls.keyKey belong together" }}{{ end -}}
{{- with $v.broker -}}
{{- if lt (int .terminationGracePeriodSeconds) (add (int .drain.timeoutSeconds) 60 | int) }}{{ fail (printf "broker.terminationGracePeriodSeconds is %d, it must be broker.drain.timeoutSeconds + 60 (%d) or more" (int .terminationGracePeriodSeconds) (add (int .drain.timeoutSeconds) 60)) }}{{ end -}}
{{- $r := .replication -}}
{{- if or (gt (int $r.writeQuorum) (int $r.factor)) (le (mul 2 (int $r.writeQuorum)) (int $r.factor)) }}{{ fail (printf "broker.replication.writeQuorum is %d, it must be more than half of broker.replication.factor (%d) and not above it" (int $r.writeQuorum) (int $r.factor)) }}{{ end -}}
{{- $least := int (ternary .autoscaling.minReplicas .replicas .autoscaling.enabled) -}}
{{- $name := ternary "broker.autoscaling.minReplicas" "broker.replicas" .autoscaling.enabled -}}
{{- if lt $least (int $r.writeQuorum) }}{{ fail (printf "%s is %d, fewer than broker.replication.writeQuorum (%d): nothing could be written" $name $least (int $r.writeQuorum)) }}{{ end -}}
{{- if and .autoscaling.enabled (gt (int .autoscaling.minReplicas) (int .autoscaling.maxReplicas)) }}{{ fail "broker.autoscaling.maxReplicas is below broker.autoscaling.minReplicas" }}{{ end -}}
{{- range .extraEnv -}}
{{- if hasKey . "value" -}}
{{- if regexMatch "(SECRET|PASSWORD|TOKEN|CREDENTIAL|ACCESS_KEY|ACCOUNT_KEY)" (upper .name) }}{{ fail (printf "broker.extraEnv: %s looks like a credential; give it by valueFrom.secretKeyRef" .name) }}{{ end -}}
{{- end -}}
{{- if has .name (list "ESKER_NODE__ID" "POD_NAME" "POD_INDEX" "ESKER_LISTENERS__GRPC_ADVERTISED" "ESKER_LISTENERS__KAFKA_ADVERTISED") }}{{ fail (printf "broker.extraEnv: %s is set by the chart" .name) }}{{ end -}}
{{- end -}}
{{- end -}}
{{- if $v.external.enabled -}}
{{- if not $v.external.host }}{{ fail "external.host is required with external.enabled: what clients are told, for example broker-{index}.kafka.example.com" }}{{ end -}}
{{- if and (eq $v.external.type "LoadBalancer") (not (contains "{index}" $v.external.host)) (gt (int (include "esker.brokers" .)) 1) }}{{ fail "external.host must contain {index}: each broker has a load balancer of its own" }}{{ end -}}
{{- end -}}
{{- end -}}
