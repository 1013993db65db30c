package main

import (
	"sslkit/kit"
)

// accelerator is one device, by its data sheet, and how it is joined with others.
type accelerator struct {
	name      string
	peak      float64 // FLOP/s of dense matrix products in half precision, unless its name says otherwise.
	memory    float64 // Bytes.
	bandwidth float64 // Bytes a second, of its memory.
	link      float64 // Bytes a second in one direction, to others of its machine.
	machine   int     // Accelerators of one machine.
	price     float64 // Dollars an hour.
}

// Peaks are dense: half of what data sheets give for sparse matrices. NVLink's figures there are of both
// directions. The data sheets were read as others quote them.
var (
	// NVIDIA A100 SXM 80 GB data sheet: 312 TFLOP/s, 2,039 GB/s, NVLink 600 GB/s.
	a100 = accelerator{name: "A100", peak: 312e12, memory: 80e9, bandwidth: 2039e9, link: 300e9, machine: 8}
	// The same computing in TF32, at half that rate.
	a100TF32 = accelerator{name: "A100 in TF32", peak: 156e12, memory: 80e9, bandwidth: 2039e9, link: 300e9, machine: 8}
	// NVIDIA H100 SXM data sheet: 1,979 TFLOP/s sparse, 3.35 TB/s, NVLink 900 GB/s.
	h100 = accelerator{name: "H100", peak: 989.5e12, memory: 80e9, bandwidth: 3350e9, link: 450e9, machine: 8}
	// NVIDIA V100 SXM2 32 GB data sheet: 125 TFLOP/s, 900 GB/s, NVLink 300 GB/s.
	v100 = accelerator{name: "V100", peak: 125e12, memory: 32e9, bandwidth: 900e9, link: 150e9, machine: 8}
	// A chip, of two cores: 123 TFLOP/s and 32 GiB at 900 GB/s by cloud.google.com/tpu/docs/v3. Its
	// all-reduce bandwidth, 340 TB/s for a pod of 1,024 chips, is taken as both directions of each chip.
	tpuV3 = accelerator{name: "TPU v3 chip", peak: 123e12, memory: 32 << 30, bandwidth: 900e9, link: 166e9, machine: 1024}
)

// step is what a step of a whole batch takes, by its graph.
type step struct {
	kit.StepCost
	optimizer float64 // Numbers that the optimiser keeps for each trained weight.
}

// seconds is how long the step takes on n accelerators that share out its batch: computing, or reading
// and writing where that takes longer, and then the all-reduce of the gradients in a ring, in which
// each sends and receives 2(n-1)/n of them. Nothing overlaps, and images are always there.
func (a accelerator) seconds(s step, n int, share, network float64) float64 {
	each := float64(n)
	return max(s.FLOPs/each/(a.peak*share), s.Bytes/each/a.bandwidth) + a.allReduce(s, n, network)
}

func (a accelerator) allReduce(s step, n int, network float64) (seconds float64) {
	link := a.link
	if n > a.machine {
		link = min(link, network)
	}
	each := float64(n)
	return 2 * (each - 1) / each * 4 * float64(s.Trained) / link
}

// share is that of the peak which n accelerators reach where the step takes so many seconds.
func (a accelerator) share(s step, n int, seconds, network float64) float64 {
	return s.FLOPs / (seconds - a.allReduce(s, n, network)) / (a.peak * float64(n))
}

// bytes is the memory of each of n accelerators: weights, gradients, what the optimiser keeps, and
// other weights, in float32, and the activations of its part of the batch.
func (s step) bytes(n int) float64 {
	return 4*float64(s.Trained)*(2+s.optimizer) + 4*float64(s.Other) + s.Kept/float64(n)
}
