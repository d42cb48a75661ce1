"""The dashboards: the questions that somebody asks who runs Esker, and the queries that answer them."""

from board import Board, figure, graph, heat, row, table

OF = 'namespace=~"$namespace", job=~"$job"'
HERE = OF + ', instance=~"$instance"'
TOPIC = OF + ', topic=~"$topic"'
NOT_TAIL = 'budget!="tail"'
OWNERLESS, WANTED, LIVE, OK = 'state="ownerless"', 'state="wanted"', 'state="live"', 'outcome="ok"'


def rate(metric: str, where: str = HERE, more: str = "") -> str:
    return f"rate({metric}{{{where}{', ' + more if more else ''}}}[$__rate_interval])"


def per(labels: str, query: str, how: str = "sum") -> str:
    return f"{how} by ({labels}) ({query})"


def quantile(q: float, metric: str, labels: str = "", where: str = HERE, more: str = "") -> str:
    by = ", ".join(filter(None, [labels, "le"]))
    return f"histogram_quantile({q}, {per(by, rate(metric + '_bucket', where, more))})"


def mean(metric: str, labels: str, where: str = HERE, more: str = "") -> str:
    return f"{per(labels, rate(metric + '_sum', where, more))} / {per(labels, rate(metric + '_count', where, more))}"


def gauge(metric: str, where: str = HERE, more: str = "") -> str:
    return f"{metric}{{{where}{', ' + more if more else ''}}}"


PRODUCE_BY_STAGE = graph(
    "Produce: 99th percentile by stage", "Where the time of slow produce requests goes. queue: until the log takes it; sync: write and fsync of the own copy; "
    "replication: until write_quorum stores have it; commit: until it may be read; response: until it is written to the connection.",
    "s", {"{{stage}}": quantile(0.99, "esker_produce_stage_seconds", "stage")}, width=12)
PRODUCE_MEAN = graph(
    "Produce: mean by stage", "The same of all requests: the stages on top of one another make up the time of a produce. Replication runs beside the own sync.",
    "s", {"{{stage}}": mean("esker_produce_stage_seconds", "stage")}, width=12, stack=True)
FETCH_BY_SOURCE = graph(
    "Fetch: 99th percentile of reads by source", "memory: what was just written; log: the own disk; archive: objects, through the cache.",
    "s", {"{{source}}": quantile(0.99, "esker_fetch_read_seconds", "source")})
FETCH_BYTES = graph("Fetch: bytes by source", "What consumers that keep up read comes from memory.", "Bps",
                    {"{{source}}": per("source", rate("esker_fetch_read_bytes_total"))}, stack=True)
STORE_OUTCOMES = graph("Object store requests", "By kind and outcome.", "reqps",
                       {"{{operation}} {{outcome}}": per("operation, outcome", rate("esker_object_store_requests_total"))})
LAG_SECONDS = graph("Oldest record in no object", "Stays below archive.flush_interval_ms (five minutes) while offload keeps up.", "s",
                    {"{{instance}}": gauge("esker_archive_lag_seconds")})
LOG_USED = graph("Log in use", "Of wal.max_bytes. Producers are slowed down from 80 % on and refused from 95 % on.", "percentunit",
                 {"{{instance}}": f"{gauge('esker_wal_used_bytes')} / {gauge('esker_wal_capacity_bytes')}"}, most=1)
GROUP_LAG = graph("Groups that are furthest behind", "Records between what a group has committed and the end, by topic.", "short",
                  {"{{group}} {{topic}}": f"topk(10, {per('group, topic', gauge('esker_group_lag_records', OF), 'max')})"})

OVERVIEW = Board(
    "Esker / overview", "Is it serving, where does time go, and does anything fall behind?",
    row("Is it serving?",
        figure("Brokers ready", "Brokers that serve.", "short", f"sum({gauge('esker_ready', OF)})", good=1),
        figure("Brokers not ready", "Brokers that run and do not serve, or that Prometheus does not reach.", "short",
               f"count(up{{{OF}}} and on (namespace, job) esker_ready) - sum({gauge('esker_ready', OF)})", bad=1),
        figure("Controllers", "One, or takeovers do not happen.", "short", f"sum({gauge('esker_controller', OF)})", good=1),
        figure("Shards without owner", "Their partitions are neither written nor read.", "short",
               f"max({gauge('esker_shards', OF, OWNERLESS)})", bad=1),
        figure("Copies missing", "Stores that what is written now should be on, and is not.", "short",
               f"sum({gauge('esker_wal_copies', OF, WANTED)}) - "
               f"sum({gauge('esker_wal_copies', OF, LIVE)})", bad=1),
        figure("Brokers that reach etcd", "The others go on with what they own.", "short", f"sum({gauge('esker_metadata_connected', OF)})", good=1)),
    row("Traffic",
        graph("Produced", "Bytes of batches, by broker that leads their partition.", "Bps",
              {"{{instance}}": per("instance", rate("esker_topic_produced_bytes_total"))}, stack=True),
        graph("Fetched", "Bytes of batches, by broker that leads their partition.", "Bps",
              {"{{instance}}": per("instance", rate("esker_topic_fetched_bytes_total"))}, stack=True),
        graph("Requests", "Kafka requests, by kind.", "reqps", {"{{api}}": per("api", rate("esker_kafka_requests_total"))}, stack=True),
        graph("Errors", "Answers with an error code. Those that follow a move of a partition are retried by clients.", "reqps",
              {"{{api}} {{error}}": per("api, error", rate("esker_kafka_request_errors_total"))}),
        graph("Connections", "Of Kafka clients.", "short", {"{{instance}}": gauge("esker_kafka_connections")}),
        graph("Busiest topics", "Bytes produced.", "Bps", {"{{topic}}": f"topk(10, {per('topic', rate('esker_topic_produced_bytes_total', OF))})"})),
    row("Where does produce latency go?", PRODUCE_BY_STAGE, PRODUCE_MEAN,
        graph("Produce requests", "From the whole request read to the response written.", "s",
              {name: quantile(q, "esker_kafka_request_seconds", "", HERE, 'api="Produce"') for name, q in
               {"half": 0.5, "99 %": 0.99, "99.9 %": 0.999}.items()}),
        FETCH_BY_SOURCE, FETCH_BYTES),
    row("Does anything fall behind?", LAG_SECONDS, LOG_USED, GROUP_LAG, STORE_OUTCOMES,
        graph("Dead letters", "Messages that queues gave up.", "short", f"sum({rate('esker_dead_letters_total')})"),
        graph("Replication lag", "Of the copy that is furthest behind.", "bytes", {"{{instance}}": gauge("esker_replication_lag_bytes")})),
    row("Brokers", table("Brokers", "A line for each.", {
        "Ready": (per("instance", gauge("esker_ready"), "max"), "short"),
        "Controller": (per("instance", gauge("esker_controller"), "max"), "short"),
        "Shards led": (per("instance", gauge("esker_shards_led"), "max"), "short"),
        "Partitions led": (per("instance", gauge("esker_partitions_led"), "max"), "short"),
        "Connections": (per("instance", gauge("esker_kafka_connections"), "max"), "short"),
        "Memory": (per("instance", gauge("process_resident_memory_bytes"), "max"), "bytes"),
        "Up for": (f"time() - {per('instance', gauge('process_start_time_seconds'), 'max')}", "s"),
    }, by="instance")),
)

BROKER = Board(
    "Esker / broker", "What a broker does, and what it runs out of.",
    row("Requests",
        graph("Requests", "By kind.", "reqps", {"{{api}}": per("api", rate("esker_kafka_requests_total"))}, stack=True),
        graph("Latency by kind", "99th percentile. A fetch waits for records as long as the client said.", "s",
              {"{{api}}": quantile(0.99, "esker_kafka_request_seconds", "api")}),
        graph("Errors", "By kind and error.", "reqps", {"{{api}} {{error}}": per("api, error", rate("esker_kafka_request_errors_total"))}),
        heat("Produce requests by latency", "How many took how long.", per("le", rate("esker_kafka_request_seconds_bucket", HERE, 'api="Produce"'))),
        graph("Produce: 99th percentile by broker", "One that is slower than the others has a slow disk, or more to do.", "s",
              {"{{instance}}": quantile(0.99, "esker_kafka_request_seconds", "instance", HERE, 'api="Produce"')}, width=12),
        PRODUCE_BY_STAGE, PRODUCE_MEAN),
    row("Clients",
        graph("Connections", "Open now.", "short", {"{{instance}}": gauge("esker_kafka_connections")}),
        graph("Connections opened and refused", "Many: clients that do not keep them.", "ops",
              {"opened {{instance}}": per("instance", rate("esker_kafka_connections_opened_total")),
               "refused {{reason}}": per("reason", rate("esker_kafka_connections_refused_total"))}),
        graph("Throttled", "Time that requests were held back, per second.", "s", {"{{instance}}": per("instance", rate("esker_kafka_throttled_seconds_total"))})),
    row("Log and copies",
        graph("Sync", "How long a write and fsync of the log takes, 99th percentile.", "s", {"{{instance}}": quantile(0.99, "esker_wal_sync_seconds", "instance")}),
        graph("Written", "Bytes written to the log, copies for other brokers too.", "Bps", {"{{instance}}": per("instance", rate("esker_wal_written_bytes_total"))}),
        LOG_USED,
        graph("Copies", "Stores that what this broker writes should be on, and those that it is on.", "short",
              {"{{instance}} {{state}}": gauge("esker_wal_copies")}),
        graph("Replication lag", "Of the copy that is furthest behind.", "bytes", {"{{instance}}": gauge("esker_replication_lag_bytes")}),
        graph("Backlog", "Appended, and not committed yet.", "bytes", {"{{instance}}": gauge("esker_wal_backlog_bytes")})),
    row("Cluster",
        graph("Shards led", "Even among brokers, a second after the last one came.", "short", {"{{instance}}": gauge("esker_shards_led")}),
        graph("Partitions led", "By broker.", "short", {"{{instance}}": gauge("esker_partitions_led")}),
        graph("Shards by state", "As the brokers see it.", "short", {"{{state}}": per("state", gauge("esker_shards", OF), "max")}),
        graph("Brokers by state", "As the brokers see it.", "short", {"{{state}}": per("state", gauge("esker_brokers", OF), "max")}),
        graph("etcd requests", "By kind and outcome.", "reqps",
              {"{{operation}} {{outcome}}": per("operation, outcome", rate("esker_metadata_requests_total"))}),
        graph("etcd latency", "99th percentile.", "s", {"{{instance}}": quantile(0.99, "esker_metadata_request_seconds", "instance")}),
        graph("Lease", "How long this broker's session would last if etcd went away now.", "s", {"{{instance}}": gauge("esker_lease_remaining_seconds")}),
        graph("Reaches etcd", "1 is yes.", "short", {"{{instance}}": gauge("esker_metadata_connected")}, most=1),
        graph("Panics", "Each is a bug, or a limit on threads.", "short", {"{{instance}}": gauge("esker_panics_total")})),
    row("Process and budgets",
        graph("CPU", "Cores in use.", "short", {"{{instance}}": rate("process_cpu_seconds_total") + " and on (namespace, job, instance) esker_ready"}),
        graph("Memory", "Resident.", "bytes", {"{{instance}}": gauge("process_resident_memory_bytes") + " and on (namespace, job, instance) esker_ready"}),
        graph("File descriptors", "Of those that the process may have.", "percentunit",
              {"{{instance}}": f"{gauge('process_open_fds')} / {gauge('process_max_fds')} and on (namespace, job, instance) esker_ready"}, most=1),
        graph("Budgets", "Used, of each bound on memory; the memory tail is left out, which is full as a rule. What happens at the end is in docs/limits.md.", "percentunit",
              {"{{instance}} {{budget}}": f"{gauge('esker_budget_used_bytes', HERE, NOT_TAIL)} / {gauge('esker_budget_limit_bytes')}"}, width=12, most=1),
        graph("Request memory", "Requests that are not answered yet, of their budget.", "percentunit",
              {"{{instance}}": f"{gauge('esker_kafka_request_memory_bytes')} / {gauge('esker_kafka_request_memory_limit_bytes')}"}, width=12, most=1)),
)

TOPICS = Board(
    "Esker / topic", "Which topic is written and read how much, and which groups are behind on it.",
    row("Traffic",
        graph("Produced bytes", "By topic.", "Bps", {"{{topic}}": per("topic", rate("esker_topic_produced_bytes_total", TOPIC))}, width=12, stack=True),
        graph("Fetched bytes", "By topic.", "Bps", {"{{topic}}": per("topic", rate("esker_topic_fetched_bytes_total", TOPIC))}, width=12, stack=True),
        graph("Produced records", "By topic.", "short", {"{{topic}}": per("topic", rate("esker_topic_produced_records_total", TOPIC))}),
        graph("Fetched records", "By topic.", "short", {"{{topic}}": per("topic", rate("esker_topic_fetched_records_total", TOPIC))}),
        graph("Bytes of a record", "Mean of what is produced.", "bytes",
              {"{{topic}}": f"{per('topic', rate('esker_topic_produced_bytes_total', TOPIC))} / {per('topic', rate('esker_topic_produced_records_total', TOPIC))}"}),
        graph("Read for each byte written", "Below 1: somebody does not keep up, or nobody reads.", "short",
              {"{{topic}}": f"{per('topic', rate('esker_topic_fetched_bytes_total', TOPIC))} / {per('topic', rate('esker_topic_produced_bytes_total', TOPIC))}"},
              width=12),
        graph("By broker", "Which broker takes how much of the topics chosen.", "Bps",
              {"{{instance}}": per("instance", rate("esker_topic_produced_bytes_total", TOPIC))}, width=12)),
    row("Groups",
        graph("Lag", "Records that a group is behind.", "short", {"{{group}} {{topic}}": per("group, topic", gauge("esker_group_lag_records", TOPIC), "max")}, width=12),
        graph("Lag grows", "Records a second; below 0 a group catches up.", "short",
              {"{{group}} {{topic}}": f"deriv({per('group, topic', gauge('esker_group_lag_records', TOPIC), 'max')}[5m:30s])"}, width=12, least=None),
        graph("Groups", "By kind.", "short", {"{{type}}": per("type", gauge("esker_groups", OF))}),
        graph("Members", "Of all groups.", "short", f"sum({gauge('esker_group_members', OF)})"),
        graph("Records of share groups", "available: to be given out; acquired: with a worker; deferred: for later; dying: on their way to the dead letters.",
              "short", {"{{group}} {{topic}} {{state}}": per("group, topic, state", gauge("esker_share_records", TOPIC))})),
    row("Queues and transactions",
        graph("Dead letters", "Messages given up, per second.", "short", f"sum({rate('esker_dead_letters_total', OF)})"),
        graph("Transactions", "Ended, per second.", "ops", {"committed": f"sum({rate('esker_transactions_committed_total', OF)})",
                                                            "aborted": f"sum({rate('esker_transactions_aborted_total', OF)})"}),
        graph("Open transactions", "Readers of committed records wait for them.", "short", f"sum({gauge('esker_transactions_open', OF)})")),
    topic=True,
)

STORAGE = Board(
    "Esker / storage", "Does offload keep up, what does the object store answer, and what does it cost?",
    row("Offload", LAG_SECONDS,
        graph("Bytes in no object", "On the brokers' disks alone.", "bytes", {"{{instance}}": gauge("esker_archive_lag_bytes")}),
        graph("Records in no object", "By broker.", "short", {"{{instance}}": gauge("esker_archive_lag_records")}),
        graph("Uploads", "Objects a second.", "ops", {"{{instance}}": per("instance", rate("esker_archive_uploads_total"))}),
        graph("Uploaded", "Bytes a second.", "Bps", {"{{instance}}": per("instance", rate("esker_archive_uploaded_bytes_total"))}),
        graph("Bytes of an object", "Small ones cost more requests: archive.flush_bytes, archive.flush_interval_ms.", "bytes",
              f"sum({rate('esker_archive_uploaded_bytes_total')}) / sum({rate('esker_archive_uploads_total')})")),
    row("Object store", STORE_OUTCOMES,
        graph("Share of errors", "By kind.", "percentunit",
              {"{{operation}}": f"1 - {per('operation', rate('esker_object_store_requests_total', HERE, OK))} / "
                                f"{per('operation', rate('esker_object_store_requests_total'))}"}, most=1),
        graph("Latency", "99th percentile, by kind.", "s", {"{{operation}}": quantile(0.99, "esker_object_store_request_seconds", "operation")}),
        graph("Bytes", "By kind.", "Bps", {"{{operation}}": per("operation", rate("esker_object_store_request_bytes_total"))}),
        heat("Uploads by latency", "How many took how long.", per("le", rate("esker_object_store_request_seconds_bucket", HERE, 'operation="put"')), width=8),
        graph("Requests for a megabyte produced", "What the bucket's bill counts, reads too, against what is produced.", "short",
              f"1e6 * sum({rate('esker_object_store_requests_total')}) / sum({rate('esker_topic_produced_bytes_total')})")),
    row("Reading back", FETCH_BYTES, FETCH_BY_SOURCE,
        graph("Cache", "Share of the blocks of objects that were in the cache.", "percentunit",
              {"{{instance}}": f"{per('instance', rate('esker_cache_hits_total'))} / ({per('instance', rate('esker_cache_hits_total'))} + "
                               f"{per('instance', rate('esker_cache_misses_total'))})"}, most=1),
        graph("Cache size", "Blocks of objects that are kept.", "bytes", {"{{instance}}": gauge("esker_cache_bytes")}, width=12),
        graph("Memory tail", "Recently committed data in memory.", "bytes", {"{{instance}}": gauge("esker_tail_bytes")}, width=12)),
    row("Log", LOG_USED,
        graph("Sync", "How long a write and fsync of the log takes.", "s",
              {"half": quantile(0.5, "esker_wal_sync_seconds"), "99 %": quantile(0.99, "esker_wal_sync_seconds")}),
        graph("Log failed", "1: the broker's log has had an error and takes nothing more.", "short", {"{{instance}}": gauge("esker_wal_failed")}, most=1)),
)

BOARDS = {"overview": OVERVIEW, "broker": BROKER, "topic": TOPICS, "storage": STORAGE}
