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
