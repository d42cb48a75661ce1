// Package helm renders the chart with Helm's own engine and decodes what comes out into the Kubernetes API's own types.
package helm

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// Chart is where the chart lies.
const Chart = "../../helm/esker"

// Object is something that the chart renders.
type Object interface {
	metav1.Object
	runtime.Object
}

// The only kinds that the chart may render.
var kinds = map[schema.GroupVersionKind]func() Object{
	{Version: "v1", Kind: "ConfigMap"}:                                      func() Object { return &corev1.ConfigMap{} },
	{Version: "v1", Kind: "PersistentVolumeClaim"}:                          func() Object { return &corev1.PersistentVolumeClaim{} },
	{Version: "v1", Kind: "Pod"}:                                            func() Object { return &corev1.Pod{} },
	{Version: "v1", Kind: "Service"}:                                        func() Object { return &corev1.Service{} },
	{Version: "v1", Kind: "ServiceAccount"}:                                 func() Object { return &corev1.ServiceAccount{} },
	{Group: "apps", Version: "v1", Kind: "StatefulSet"}:                     func() Object { return &appsv1.StatefulSet{} },
	{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}:  func() Object { return &autoscalingv2.HorizontalPodAutoscaler{} },
	{Group: "batch", Version: "v1", Kind: "CronJob"}:                        func() Object { return &batchv1.CronJob{} },
	{Group: "batch", Version: "v1", Kind: "Job"}:                            func() Object { return &batchv1.Job{} },
	{Group: "monitoring.coreos.com", Version: "v1", Kind: "PrometheusRule"}: func() Object { return &monitoring.PrometheusRule{} },
	{Group: "monitoring.coreos.com", Version: "v1", Kind: "ServiceMonitor"}: func() Object { return &monitoring.ServiceMonitor{} },
	{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"}:      func() Object { return &networkingv1.NetworkPolicy{} },
	{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"}:           func() Object { return &policyv1.PodDisruptionBudget{} },
}

// Values reads a file of values.
func Values(file string) (map[string]any, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	return values, yaml.UnmarshalStrict(text, &values)
}

// Render does what `helm template queue helm/esker --namespace prod` does with these values.
func Render(values map[string]any) ([]Object, error) {
	chart, err := loader.LoadDir(Chart)
	if err != nil {
		return nil, err
	}
	release := common.ReleaseOptions{Name: "queue", Namespace: "prod", Revision: 1, IsInstall: true}
	given, err := util.ToRenderValues(chart, values, release, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	files, err := engine.Engine{Strict: true}.Render(chart, given)
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	var objects []Object
	for _, name := range names {
		if filepath.Ext(name) != ".yaml" {
			continue
		}
		for _, text := range strings.Split("\n"+files[name], "\n---") {
			object, err := decode(text)
			if err != nil {
				return nil, fmt.Errorf("%s: %w\n%s", name, err, text)
			}
			if object != nil {
				objects = append(objects, object)
			}
		}
	}
	return objects, nil
}

// Nothing for a document that has only comments.
func decode(text string) (Object, error) {
	var about metav1.TypeMeta
	if err := yaml.Unmarshal([]byte(text), &about); err != nil {
		return nil, err
	}
	if about.Kind == "" && about.APIVersion == "" {
		var rest any
		if err := yaml.Unmarshal([]byte(text), &rest); err != nil || rest != nil {
			return nil, fmt.Errorf("a document without kind (%v)", err)
		}
		return nil, nil
	}
	kind := schema.FromAPIVersionAndKind(about.APIVersion, about.Kind)
	empty, known := kinds[kind]
	if !known {
		return nil, fmt.Errorf("%s is no kind that the chart may render", kind)
	}
	object := empty()
	return object, yaml.UnmarshalStrict([]byte(text), object)
}
