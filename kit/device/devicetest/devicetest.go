// Package devicetest gives tests their backend. It is GoMLX's Go backend, which has run the tiny
// graphs of a test before XLA has compiled them; GOMLX_BACKEND=xla:cpu go test ./... runs the same
// tests on XLA.
package devicetest

import (
	"os"
	"testing"

	"github.com/gomlx/compute"

	"sslkit/kit/device"
)

// Main runs a package's tests on the Go backend, or on the one that GOMLX_BACKEND names. It is for
// TestMain: the backend of a process is opened once, so that a test which sets GOMLX_BACKEND may
// come too late. Afterwards it calls what is to be cleaned up.
func Main(m *testing.M, afterwards ...func()) {
	if os.Getenv(compute.ConfigEnvVar) == "" {
		os.Setenv(compute.ConfigEnvVar, "go")
	}
	status := m.Run()
	for _, clean := range afterwards {
		clean()
	}
	os.Exit(status)
}

// CompileSoon, as XLA_FLAGS in the environment, lets XLA compile in less than half the time: what it compiles is slow,
// which small tests do not feel. The flags are those of the plugin in environment.yml.
const CompileSoon = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true " +
	"--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1"

// Backend is the backend of the process. A test fails where there is none: skipped, it would hide a
// real error.
func Backend(t testing.TB) compute.Backend {
	t.Helper()
	backend, err := device.Open()
	if err != nil {
		t.Fatalf("no backend: %v", err)
	}
	return backend
}
