package device

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/gomlx/core/graph"
)

// realPlugin is a CPU plugin of this machine. A test fails where there is none: skipped, it would
// hide a real error.
func realPlugin(t *testing.T) string {
	t.Helper()
	if found := thisHost().plugins(cpu); len(found) > 0 {
		return found[0]
	}
	t.Fatal("no PJRT plugin for the CPU on this machine: run `make setup`")
	return ""
}

// fakeBackend stands for what a plugin gives.
type fakeBackend struct {
	compute.Backend
	devices   int
	finalised bool
}

func (b *fakeBackend) NumDevices() int { return b.devices }
func (b *fakeBackend) Finalize()       { b.finalised = true }

// bench is an opener for a made-up host, whose plugins are copies of one real file that is never
// loaded.
type bench struct {
	opener
	plugin  string   // the real file
	configs []string // what go-xla was asked to open
	options []clientOptions
	refuse  map[string]error // by a part of the config
	warned  strings.Builder
}

func newBench(t *testing.T) *bench {
	b := &bench{plugin: realPlugin(t), refuse: map[string]error{}}
	b.opener = opener{
		host: host{root: t.TempDir(), env: map[string]string{xla.NoAutoInstallEnv: ""}},
		client: func(config string, options clientOptions) (*opened, error) {
			b.configs, b.options = append(b.configs, config), append(b.options, options)
			for part, err := range b.refuse {
				if strings.Contains(config, part) {
					return nil, err
				}
			}
			return &opened{backend: &fakeBackend{devices: 1}, api: "0.81"}, nil
		},
		install: func() error { t.Error("the installer was called"); return nil },
		warn:    &b.warned,
	}
	b.host.env["VIRTUAL_ENV"] = filepath.Join(b.host.root, "venv")
	return b
}

// add puts a plugin below the environment's site-packages and returns its path.
func (b *bench) add(t *testing.T, wheel string) string {
	t.Helper()
	path := filepath.Join(b.host.env["VIRTUAL_ENV"], "lib/python3.11/site-packages", wheel)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(b.plugin, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// expect opens the backend, which is to be called name, with the configs asked for and the warnings
// that hold a part.
func (b *bench) expect(t *testing.T, name, warning string, configs ...string) {
	t.Helper()
	got, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	if got.name != name {
		t.Errorf("opened %s, want %s", got, name)
	}
	if !slices.Equal(b.configs, configs) {
		t.Errorf("asked go-xla for %q, want %q", b.configs, configs)
	}
	if (warning == "") != (b.warned.Len() == 0) || !strings.Contains(b.warned.String(), warning) {
		t.Errorf("warned %q, want %q", b.warned.String(), warning)
	}
	if strings.Count(b.warned.String(), "\n") > 1 {
		t.Errorf("the warning has more than one line: %q", b.warned.String())
	}
}

func TestCPUPluginWithoutAccelerator(t *testing.T) {
	b := newBench(t)
	b.add(t, cuda.wheels[0]) // No use without its device.
	path := b.add(t, cpu.wheels[0])
	b.expect(t, "xla:cpu", "", path)
	if n := b.options[0]["cpu_device_count"]; n != int64(1) {
		t.Errorf("asked for %v devices, want 1", n)
	}
}

func TestAcceleratorFirst(t *testing.T) {
	b := newBench(t)
	touch(t, b.host.root, "dev/nvidia0")
	b.add(t, cpu.wheels[0])
	b.add(t, cuda.wheels[1])
	path := b.add(t, cuda.wheels[0]) // CUDA 13 before CUDA 12.
	b.expect(t, "xla:cuda", "", path+",noshared_buffers")
}

func TestAcceleratorThatFailsFallsToTheCPU(t *testing.T) {
	b := newBench(t)
	touch(t, b.host.root, "dev/nvidia0")
	gpu, host := b.add(t, cuda.wheels[0]), b.add(t, cpu.wheels[0])
	if err := os.MkdirAll(filepath.Join(b.host.root, "venv/lib/python3.11/site-packages/nvidia/cu13"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XLA_FLAGS", "--before")
	b.host.env["XLA_FLAGS"] = "--before"
	b.refuse["xla_cuda"] = errors.New("no CUDA driver:\n\tlibcuda.so.1")
	b.expect(t, "xla:cpu", "no CUDA driver: libcuda.so.1", gpu+",noshared_buffers", host)
	if flags := os.Getenv("XLA_FLAGS"); flags != "--before" {
		t.Errorf("the CPU would see CUDA's flags: %q", flags)
	}
}

func TestAcceleratorWithoutPluginIsTold(t *testing.T) {
	b := newBench(t)
	touch(t, b.host.root, "dev/nvidia0")
	path := b.add(t, cpu.wheels[0])
	b.expect(t, "xla:cpu", cuda.install, path)
}

func TestAcceleratorWithoutDeviceIsRefused(t *testing.T) {
	b := newBench(t)
	path := b.add(t, cuda.wheels[0])
	gone := &fakeBackend{}
	b.client = func(string, clientOptions) (*opened, error) { return &opened{backend: gone}, nil }
	if _, err := b.file(cuda, path, ""); err == nil || !strings.Contains(err.Error(), "no device") {
		t.Errorf("got error %v, want one about no device", err)
	}
	if !gone.finalised {
		t.Error("the client without devices was left open")
	}
}

func TestCUDAFolderOfTheWheels(t *testing.T) {
	for wheel, folder := range map[string]string{cuda.wheels[0]: "nvidia/cu13", cuda.wheels[1]: "nvidia/cuda_nvcc"} {
		b := newBench(t)
		path := b.add(t, wheel)
		want := filepath.Join(b.host.root, "venv/lib/python3.11/site-packages", folder)
		if got := cudaFolder(path); got != "" {
			t.Errorf("%s: found %q where there is none", wheel, got)
		}
		if err := os.MkdirAll(want, 0o755); err != nil {
			t.Fatal(err)
		}
		t.Setenv("XLA_FLAGS", "--before")
		t.Setenv("GOPJRT_CUDA_CHECKS", "1")
		b.host.env["XLA_FLAGS"] = "--before"
		if _, err := b.file(cuda, path, ""); err != nil {
			t.Fatal(err)
		}
		if got := os.Getenv("XLA_FLAGS"); got != "--before --xla_gpu_cuda_data_dir="+want {
			t.Errorf("%s: XLA_FLAGS is %q", wheel, got)
		}
	}
}

// A plugin that cannot be used is passed over for the next one.
func TestBrokenPluginIsPassedOver(t *testing.T) {
	b := newBench(t)
	write(t, []byte("cut short"), b.host.root, "venv/lib/python3.11/site-packages", cpu.wheels[0])
	path := b.add(t, cpu.wheels[1])
	b.expect(t, "xla:cpu", "", path)
}

func TestInstallerIsTheLastResort(t *testing.T) {
	b := newBench(t)
	delete(b.host.env, xla.NoAutoInstallEnv)
	b.host.env["HOME"] = b.host.root
	path := filepath.Join(b.host.root, ".local/lib/go-xla/pjrt_c_api_cpu_v0.114.0_plugin.so")
	if runtime.GOOS == "darwin" {
		path = filepath.Join(b.host.root, "Library/Application Support/go-xla/pjrt_c_api_cpu_v0.114.0_plugin.so")
	}
	b.install = func() error {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.Symlink(b.plugin, path)
	}
	b.expect(t, "xla:cpu", "", path)
}

// The Go backend never takes the place of a plugin unasked.
func TestWithoutPluginIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, b *bench)
		want    []string
	}{
		"nothing installed": {
			func(*testing.T, *bench) {},
			[]string{"no PJRT plugin for cpu found", xla.NoAutoInstallEnv + " is set"},
		},
		"installer without internet": {
			func(_ *testing.T, b *bench) {
				delete(b.host.env, xla.NoAutoInstallEnv)
				b.install = func() error { return errors.New("no route to host") }
			},
			[]string{"no PJRT plugin for cpu found", "no route to host"},
		},
		"plugin that is refused": {
			func(t *testing.T, b *bench) {
				b.refuse[b.add(t, cpu.wheels[0])] = errors.New("too old")
			},
			[]string{cpu.wheels[0], "too old"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			c.prepare(t, b)
			got, err := b.open()
			if err == nil {
				t.Fatalf("opened %s, want an error", got)
			}
			// What is wrong, and the three ways out.
			for _, want := range append(c.want, "make setup", "pip install xla-cpu-pjrt", "internet", "GOMLX_BACKEND=go") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want it to say %q", err, want)
				}
			}
			if b.warned.Len() > 0 {
				t.Errorf("warned %q besides", b.warned.String())
			}
		})
	}
}

func TestConfigured(t *testing.T) {
	for _, c := range []struct{ config, name, suffix string }{
		{"xla", "xla:cpu", ""},
		{"xla:cpu", "xla:cpu", ""},
		{"stablehlo:cpu,notf32", "xla:cpu", ",notf32"},
		{"xla:,notf32", "xla:cpu", ",notf32"},
	} {
		b := newBench(t)
		path := b.add(t, cpu.wheels[0])
		b.host.env[compute.ConfigEnvVar] = c.config
		b.expect(t, c.name, "", path+c.suffix)
	}
	b := newBench(t)
	b.host.env[compute.ConfigEnvVar] = "xla:" + b.plugin + ",notf32"
	b.expect(t, "xla:cpu", "", b.plugin+",notf32")

	b = newBench(t)
	b.add(t, cpu.wheels[0])
	b.host.env[compute.ConfigEnvVar] = "go"
	b.expect(t, "go", "")

	b = newBench(t) // A family that only go-xla knows, by a name that it looks up.
	b.host.env[compute.ConfigEnvVar] = "xla:metal"
	b.expect(t, "xla:metal", "", "metal")
}

func TestConfiguredWrongly(t *testing.T) {
	foreign := elfOfAnotherMachine(t)
	for config, want := range map[string]string{
		"cuda":               `no backend "cuda": there are go, hlo`,
		"xla:/no/such.so":    "/no/such.so: no such file",
		"xla:plugins/cpu.so": "want an absolute path",
		"xla:cuda":           cuda.install,
		"xla:cpu":            cpu.install,
		"xla":                cpu.install,
		"xla:" + foreign:     "wrong architecture",
	} {
		b := newBench(t)
		b.host.env[compute.ConfigEnvVar] = config
		got, err := b.open()
		if err == nil {
			t.Errorf("%s: opened %s, want an error", config, got)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "GOMLX_BACKEND="+config) {
			t.Errorf("%s: got %q, want it to say %q", config, err, want)
		}
		if len(b.configs) > 0 {
			t.Errorf("%s: went on to open %q", config, b.configs)
		}
	}
}

func TestCPUDevices(t *testing.T) {
	for flags, want := range map[string]int64{
		"":          1,
		"--xla_foo": 1,
		"--xla_force_host_platform_device_count=2":                                              2,
		"--a --xla_force_host_platform_device_count=2 --xla_force_host_platform_device_count=8": 8,
		"--xla_force_host_platform_device_count=0":                                              1,
	} {
		if got := cpuDevices(flags); got != want {
			t.Errorf("%q: got %d, want %d", flags, got, want)
		}
	}
}

// A plugin older than the option is opened without it.
func TestCPUPluginWithoutDeviceCount(t *testing.T) {
	b := newBench(t)
	path := b.add(t, cpu.wheels[0])
	client := b.client
	b.client = func(config string, options clientOptions) (*opened, error) {
		opened, err := client(config, options)
		if options != nil {
			return nil, errors.New("PJRT error (code=3): Unexpected option name passed: cpu_device_count")
		}
		return opened, err
	}
	b.expect(t, "xla:cpu", "", path, path)
}

// go-xla takes any path with "cuda" in it for a CUDA plugin.
func TestCPUPluginInAFolderNamedAfterCUDA(t *testing.T) {
	b := newBench(t)
	b.host.env["VIRTUAL_ENV"] = filepath.Join(b.host.root, "cuda-env")
	path := b.add(t, cpu.wheels[0])
	got, err := b.open()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.configs[0], "cuda") {
		t.Errorf("opened as %s", b.configs[0])
	}
	if _, err := os.Lstat(b.configs[0]); err == nil {
		t.Errorf("%s was left behind", b.configs[0])
	}
	if got.plugin != path {
		t.Errorf("named after %s, want %s", got.plugin, path)
	}
}

// The real thing: the plugin is loaded, and computes.
func TestRealPlugin(t *testing.T) {
	o := newOpener()
	o.host.env[compute.ConfigEnvVar] = "xla:" + realPlugin(t)
	b, err := o.open()
	if err != nil {
		t.Fatal(err)
	}
	defer b.backend.Finalize()
	if want := cpuDevices(o.host.env["XLA_FLAGS"]); int64(b.backend.NumDevices()) != want {
		t.Errorf("%d devices, want %d", b.backend.NumDevices(), want)
	}
	if s := b.String(); !strings.HasPrefix(s, "xla:cpu (") || !strings.Contains(s, ", PJRT API 0.") {
		t.Errorf("described as %q", s)
	}
	sum, err := graph.ExecOnce(b.backend, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(x) }, []float32{1, 2, 4})
	if err != nil {
		t.Fatal(err)
	}
	if got := sum.Value().(float32); got != 7 {
		t.Errorf("1 + 2 + 4 = %v", got)
	}
}

func TestOpenReturnsOneBackend(t *testing.T) {
	realPlugin(t)
	first, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	second, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	if first != second {
		t.Error("two backends in one process")
	}
	if s := Describe(); strings.Contains(s, "\n") || !strings.Contains(s, first.Name()) {
		t.Errorf("described as %q", s)
	}
}
