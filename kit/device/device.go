// Package device opens the compute backend of the process, XLA through a PJRT plugin, and says
// which it is.
//
//	backend, err := device.Open()
//	if err != nil { ... }
//	fmt.Println(device.Describe()) // xla:cpu (xla_cpu_pjrt.so, PJRT API 0.81), 1 device
//
// The choice, first that opens:
//
//  1. $GOMLX_BACKEND, where set, as in GoMLX: "go", "xla:cpu", "xla:cuda", "xla:/absolute/plugin.so", with GoMLX's
//     options after a comma. What it names is used or is an error: nothing else is tried.
//  2. An accelerator (CUDA, TPU), where its device file and a plugin for it are found.
//  3. A CPU plugin, such as that of the wheel xla-cpu-pjrt, which exists for Linux on x86-64.
//  4. The plugin that go-xla downloads from the internet, unless $GOMLX_NO_AUTO_INSTALL is set. So on other systems, such as
//     macOS or arm64, the first use needs the internet.
//
// For CUDA, pip install "jax-cuda13-plugin[with-cuda]" brings a plugin, for a TPU pip install
// libtpu.
//
// Where none opens it is an error, which says what to install. GoMLX's Go backend needs no plugin
// and is tens of times slower than XLA, so that it is used only where $GOMLX_BACKEND asks for it:
// "go".
//
// Plugins are looked for in the active Python environment ($VIRTUAL_ENV, then $CONDA_PREFIX), the
// .venv beside the go.mod at or above the working directory, the environment of the python3 on
// $PATH, and go-xla's own folders ($PJRT_PLUGIN_LIBRARY_PATH, or else ~/.local/lib/go-xla,
// /usr/local/lib/go-xla and $LD_LIBRARY_PATH).
//
// # Known answers
//
// A plugin is checked on its first use, for a second or so: a convolution, its gradients, a product and
// sums whose answers are known. One that computes wrong numbers is an error. That it has passed is
// kept in the user's cache directory, for its file, this machine and $XLA_FLAGS.
//
// # Number of CPU devices
//
// The CPU plugins show four devices by default, whatever the machine has. Here they show one, or as
// many as $XLA_FLAGS asks for with --xla_force_host_platform_device_count. A training spreads over
// several by kit.Recipe's Mesh.
package device

import (
	"os"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
)

// process holds the one backend of the process: a second PJRT client would compete with it for
// memory and threads.
var process = sync.OnceValues(func() (*opened, error) {
	o, err := newOpener().open()
	if err == nil && o.plugin != "" {
		err = o.checkOnce()
	}
	return o, err
})

// Open returns the backend of the process. The first call opens it, the others return the same one
// (or the same error). It is safe for concurrent use. Nobody needs to finalise it: it lives as long
// as the process.
//
// An error names what was tried and what to install or set.
func Open() (compute.Backend, error) {
	o, err := process()
	if err != nil {
		return nil, err
	}
	return o.backend, nil
}

// OpenGo returns GoMLX's Go backend, which needs no plugin and compiles nothing: what runs once is
// sooner done by it. It is the process's own, where that is it. The first call opens it, the others
// return the same one. It is safe for concurrent use. An error is GoMLX's, of opening it.
func OpenGo() (compute.Backend, error) {
	o, err := process()
	if err == nil && o.name == gobackend.BackendName {
		return o.backend, nil
	}
	return besides()
}

// besides holds the Go backend of a process that computes on another one.
var besides = sync.OnceValues(func() (compute.Backend, error) {
	o, err := newOpener().pureGo("")
	if err != nil {
		return nil, err
	}
	return o.backend, nil
})

// Describe returns one line that names the backend, the plugin with the version of its PJRT API,
// and how many devices it has:
//
//	xla:cpu (xla_cpu_pjrt.so, PJRT API 0.81), 1 device
//
// It opens the backend if nobody has, and returns "no backend: " and the error where that fails.
func Describe() string {
	o, err := process()
	if err != nil {
		return "no backend: " + err.Error()
	}
	return o.String()
}

// PluginBytes is the size of the plugin's file in bytes, which tells one build of it from another; 0
// for the Go backend.
func PluginBytes() int64 {
	o, err := process()
	if err != nil || o.plugin == "" {
		return 0
	}
	info, err := os.Stat(o.plugin)
	if err != nil {
		return 0
	}
	return info.Size()
}
