package httpapi

import (
	"runtime/metrics"

	"github.com/prometheus/client_golang/prometheus"
)

// vmGauges are the original's gauges of its virtual machine, with the Go
// runtime's counterparts: goroutines that wait for a processor are its run
// queue.
func vmGauges() []gauge {
	row := func(name string, value func() float64) gauge {
		return gauge{prometheus.NewDesc(name, "", nil, nil), prometheus.GaugeValue, func(emit func(float64, ...string)) { emit(value()) }}
	}
	return []gauge{
		row("vm_memory_total_bytes", memoryTotal),
		row("vm_total_run_queue_lengths_total", runnable),
		row("vm_total_run_queue_lengths_cpu", runnable),
		row("vm_total_run_queue_lengths_io", func() float64 { return 0 }), // Go has none
	}
}

// runnable is the number of goroutines that wait for a processor.
func runnable() float64 {
	s := []metrics.Sample{{Name: "/sched/goroutines/runnable:goroutines"}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return float64(s[0].Value.Uint64())
}

// memoryTotal is the memory the Go runtime has from the system and not given back, in bytes.
func memoryTotal() float64 {
	s := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s)
	return float64(s[0].Value.Uint64() - s[1].Value.Uint64())
}
