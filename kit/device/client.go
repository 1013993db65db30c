package device

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// clientOptions are settings of a PJRT client by the plugin's own names.
type clientOptions = pjrt.NamedValuesMap

// opened is a backend with what there is to say of it.
type opened struct {
	backend compute.Backend
	name    string // "xla:cpu", "go"
	plugin  string // path of the plugin's file; "" for the Go backend
	api     string // version of the plugin's PJRT API, "0.81"
}

func (o *opened) String() string {
	devices := "1 device"
	if n := o.backend.NumDevices(); n != 1 {
		devices = fmt.Sprintf("%d devices", n)
	}
	if o.plugin == "" {
		return fmt.Sprintf("%s (pure Go, no PJRT plugin), %s", o.name, devices)
	}
	return fmt.Sprintf("%s (%s, PJRT API %s), %s", o.name, filepath.Base(o.plugin), o.api, devices)
}

// newClient is xla.NewWithOptions with a description. go-xla panics on some plugins that it cannot
// load.
func newClient(config string, options clientOptions) (b *opened, err error) {
	defer func() {
		if failure := recover(); failure != nil {
			b, err = nil, fmt.Errorf("go-xla: %v", failure)
		}
	}()
	backend, err := xla.NewWithOptions(config, options)
	if err != nil {
		return nil, err
	}
	plugin, err := pjrt.GetPlugin(backend.PluginName()) // Loaded already: this finds it by its name.
	if err != nil {
		return nil, err
	}
	major, minor := plugin.Version()
	return &opened{backend: oneCompiler{backend}, plugin: plugin.Path(), api: fmt.Sprintf("%d.%d", major, minor)}, nil
}

// cpuFile opens a CPU plugin with one device, or as many as XLA_FLAGS asks for.
func (o opener) cpuFile(path, options string) (*opened, error) {
	path, remove, err := neutralPath(path)
	if err != nil {
		return nil, err
	}
	defer remove()
	config := joinOptions(path, options)
	count := clientOptions{"cpu_device_count": cpuDevices(o.host.env["XLA_FLAGS"])}
	b, err := o.create(cpu.name, config, count)
	if err == nil {
		return b, nil
	}
	// A plugin from before that option refuses it by name. It then has the number of devices it
	// likes.
	if !strings.Contains(err.Error(), "cpu_device_count") {
		return nil, err
	}
	return o.create(cpu.name, config, nil)
}

var deviceCountFlag = regexp.MustCompile(`--xla_force_host_platform_device_count=(\d+)`)

// cpuDevices returns how many devices the CPU is to be shown as. XLA itself reads the flag only
// where no PJRT plugin stands between, so that it is passed on here.
func cpuDevices(xlaFlags string) int64 {
	found := deviceCountFlag.FindAllStringSubmatch(xlaFlags, -1)
	if len(found) == 0 {
		return 1
	}
	n, err := strconv.ParseInt(found[len(found)-1][1], 10, 64)
	if err != nil || n < 1 {
		return 1
	}
	return n
}

// neutralPath returns a path to the CPU plugin by which go-xla does not take it for a CUDA one, and
// what to call once it is loaded. go-xla judges a plugin by its whole path, so that one in a Conda
// environment called "cuda" would get CUDA's settings, which CPU plugins refuse.
func neutralPath(path string) (neutral string, remove func(), err error) {
	if !pjrt.IsCUDAName(path) {
		return path, func() {}, nil
	}
	folder, err := os.MkdirTemp("", "pjrt-")
	if err != nil {
		return "", nil, fmt.Errorf("making a name for it without %q: %w", cuda.name, err)
	}
	remove = func() { os.RemoveAll(folder) }
	neutral = filepath.Join(folder, "pjrt_c_api_cpu_plugin.so")
	if err := os.Symlink(path, neutral); err != nil {
		remove()
		return "", nil, fmt.Errorf("making a name for it without %q: %w", cuda.name, err)
	}
	return neutral, remove, nil
}

// cudaFile opens a CUDA plugin. One from a Python wheel is told where the nvidia wheels beside it
// keep CUDA's compiler and device library: go-xla does so for its own layout of folders only. The
// plugin finds CUDA's shared libraries there by itself, through its run path.
func (o opener) cudaFile(path, options string) (*opened, error) {
	if !strings.Contains(options, "shared_buffers") {
		// A device's memory is not the program's. go-xla says so unless "cpu" is somewhere in the
		// path.
		options = strings.TrimPrefix(options+",noshared_buffers", ",")
	}
	restore := func() {}
	if folder := cudaFolder(path); folder != "" {
		flags := o.host.env["XLA_FLAGS"]
		if !strings.Contains(flags, "--xla_gpu_cuda_data_dir") {
			flags = strings.TrimSpace(flags + " --xla_gpu_cuda_data_dir=" + folder)
		}
		restore = setEnv(map[string]string{"XLA_FLAGS": flags, "GOPJRT_CUDA_CHECKS": "0"})
	}
	b, err := o.create(cuda.name, joinOptions(path, options), nil)
	if err != nil {
		restore() // What is tried next is not to see CUDA's settings.
	}
	return b, err
}

// cudaFolder returns the folder with CUDA's compiler and device library that belongs to a CUDA
// plugin from a Python wheel, or "" where there is none.
func cudaFolder(plugin string) string {
	family := filepath.Dir(plugin) // site-packages/jax_plugins/xla_cuda13
	toolkit := "cuda_nvcc"         // CUDA 12 has a folder for each part.
	if filepath.Base(family) == "xla_cuda13" {
		toolkit = "cu13"
	}
	folder := filepath.Join(filepath.Dir(filepath.Dir(family)), "nvidia", toolkit)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return ""
	}
	return folder
}

// setEnv sets environment variables of the process, which is how XLA reads its flags, and returns
// what undoes it.
func setEnv(values map[string]string) (restore func()) {
	before := map[string]*string{}
	for name, value := range values {
		before[name] = nil
		if old, set := os.LookupEnv(name); set {
			before[name] = &old
		}
		os.Setenv(name, value)
	}
	return func() {
		for name, old := range before {
			if old == nil {
				os.Unsetenv(name)
			} else {
				os.Setenv(name, *old)
			}
		}
	}
}
