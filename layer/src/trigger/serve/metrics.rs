//! What `GET /metrics` tells, in Prometheus' text form.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::sync::OnceLock;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::function::Function;
use super::functions::Functions;
use crate::history::HistoryCounters;
use crate::pool::Counters;

/// The kind that Prometheus expects.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From a hundredth of the usual recognition (about 10 ms) to the time limit.
const SECONDS: [f64; 15] =
    [0.0001, 0.0003, 0.001, 0.003, 0.005, 0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.6, 1.2, 5.0, 30.0];

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct RequestLabels {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct FunctionLabel {
    function: String,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct StageLabels {
    function: String,
    stage: &'static str,
}

/// Counters of the service; gauges are read when they are asked for.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    stages: Family<StageLabels, Histogram>,
    pub(super) connections: Gauge,
    running: Family<FunctionLabel, Gauge>,
    waiting: Family<FunctionLabel, Gauge>,
    alive: Family<FunctionLabel, Gauge>,
    bodies: Gauge,
    memory: Gauge,
}

impl Metrics {
    pub(super) fn new(functions: &Functions, history: Option<&HistoryCounters>) -> Self {
        let mut registry = Registry::default();
        let requests = Family::<RequestLabels, Counter>::default();
        let stages = Family::<StageLabels, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        let [connections, bodies, memory]: [Gauge; 3] = Default::default();
        let [instances, running, waiting, alive]: [Family<FunctionLabel, Gauge>; 4] = Default::default();
        registry.register("vision_requests", "Answers by route and status", requests.clone());
        registry.register_with_unit("vision_stage", "Time of each stage", Unit::Seconds, stages.clone());
        registry.register("vision_connections", "Open connections", connections.clone());
        let help = "Instances of the module that can run at once";
        registry.register("vision_instances", help, instances.clone());
        registry.register("vision_instances_busy", "Instances that run now", running.clone());
        registry.register("vision_queue_length", "Requests that wait for an instance", waiting.clone());
        registry.register("vision_workers_alive", "Workers that are ready or busy", alive.clone());
        for function in functions.iter() {
            set(&instances, function, function.workers);
        }
        register_counters(&mut registry, functions);
        let help = "Memory that the bodies of requests hold";
        registry.register_with_unit("vision_bodies", help, Unit::Bytes, bodies.clone());
        let help = "Resident memory of the process";
        registry.register_with_unit("process_resident_memory", help, Unit::Bytes, memory.clone());
        if let Some(HistoryCounters { kept, failed }) = history {
            registry.register("vision_history_kept", "Recognitions kept in the history", kept.clone());
            registry.register("vision_history_failed", "Recognitions that could not be kept", failed.clone());
        }
        Self { registry, requests, stages, connections, running, waiting, alive, bodies, memory }
    }

    pub(super) fn count(&self, route: &str, status: u16) {
        self.requests.get_or_create(&RequestLabels { route: route.to_owned(), status }).inc();
    }

    pub(super) fn observe(&self, function: &str, stage: &'static str, time: Duration) {
        let labels = StageLabels { function: function.to_owned(), stage };
        self.stages.get_or_create(&labels).observe(time.as_secs_f64());
    }

    pub(super) fn text(&self, functions: &Functions) -> String {
        let mut held_bytes = 0;
        for function in functions.iter() {
            set(&self.running, function, function.admission.running());
            set(&self.waiting, function, function.admission.waiting());
            set(&self.alive, function, function.alive());
            held_bytes += function.bodies.held_bytes();
        }
        self.bodies.set(number(held_bytes));
        self.memory.set(number(resident_bytes().unwrap_or(0)));
        let mut text = String::new();
        // Writing to a String can't fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn set(gauges: &Family<FunctionLabel, Gauge>, function: &Function, value: usize) {
    gauges.get_or_create(&label(function)).set(number(value));
}

fn label(function: &Function) -> FunctionLabel {
    FunctionLabel { function: function.name.clone() }
}

fn number(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// One of the counters of a function's workers.
type Count = fn(&Counters) -> &Counter;

/// What happened to the workers of each function. The pool counts; what it counts with is what is told.
fn register_counters(registry: &mut Registry, functions: &Functions) {
    let counters: [(&str, &str, Count); 4] = [
        ("vision_workers_started", "Workers that were started", |counters| &counters.started),
        ("vision_workers_died", "Workers that ended unasked", |counters| &counters.died),
        ("vision_workers_out_of_memory", "Workers that ended at their memory limit", |counters| {
            &counters.out_of_memory
        }),
        ("vision_workers_killed", "Workers killed after the time limit", |counters| &counters.killed),
    ];
    for (name, help, counter) in counters {
        let each = functions.iter().map(|function| (label(function), counter(function.counters()).clone()));
        registry.register(name, help, Counted(each.collect()));
    }
}

/// Counters of somebody else's, one for each function.
#[derive(Debug)]
struct Counted(Vec<(FunctionLabel, Counter)>);

impl EncodeMetric for Counted {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|(label, counter)| counter.encode(encoder.encode_family(label)?))
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Counter
    }
}

/// `/proc/self/status`, opened before the process gives up its files (`sandbox`).
static STATUS: OnceLock<Option<File>> = OnceLock::new();

/// Opens what [`Metrics::text`] reads later.
pub(super) fn prepare() {
    STATUS.get_or_init(|| File::open("/proc/self/status").ok());
}

/// `VmRSS` of the status, in kB (proc(5)).
fn resident_bytes() -> Option<usize> {
    let mut bytes = [0; 4096];
    let length = STATUS.get()?.as_ref()?.read_at(&mut bytes, 0).ok()?;
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()? * 1024)
}
