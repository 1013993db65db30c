package device

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// touch makes an empty file, with its folders, and returns its path.
func touch(t *testing.T, parts ...string) string {
	t.Helper()
	return write(t, nil, parts...)
}

func write(t *testing.T, content []byte, parts ...string) string {
	t.Helper()
	path := filepath.Join(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPluginsAreFoundInOrder(t *testing.T) {
	root := t.TempDir()
	const site = "lib/python3.11/site-packages"
	const wheel = site + "/xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so"
	want := []string{
		touch(t, root, "virtual", wheel),
		touch(t, root, "virtual", site, "lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so"),
		touch(t, root, "conda", wheel),
		touch(t, root, "checkout/.venv", wheel),
		touch(t, root, "python", wheel),
		touch(t, root, "home/.local/lib/go-xla/pjrt_c_api_cpu_plugin.so"),
		touch(t, root, "home/.local/lib/go-xla/pjrt_c_api_cpu_v0.114.0_plugin.so"),
		touch(t, root, "usr/local/lib/go-xla/pjrt-plugin-cpu.so"),
		touch(t, root, "ld/pjrt_plugin_cpu.so"),
	}
	touch(t, root, "virtual", site, "jax_plugins/xla_cuda13/xla_cuda_plugin.so") // Of another family.
	touch(t, root, "python/bin/python3")
	touch(t, root, "checkout/go.mod")
	below := filepath.Join(root, "checkout/notebooks/deep")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	h := host{root: root, dir: below, env: map[string]string{
		"VIRTUAL_ENV":     filepath.Join(root, "virtual"),
		"CONDA_PREFIX":    filepath.Join(root, "conda"),
		"PATH":            filepath.Join(root, "nothing") + ":" + filepath.Join(root, "python/bin"),
		"HOME":            filepath.Join(root, "home"),
		"LD_LIBRARY_PATH": "relative:" + filepath.Join(root, "ld"),
	}}
	if got := h.plugins(cpu); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}

	// PJRT_PLUGIN_LIBRARY_PATH takes the place of go-xla's default folders, not of the
	// environments.
	own := touch(t, root, "own/pjrt_c_api_cpu_plugin.so")
	h.env["PJRT_PLUGIN_LIBRARY_PATH"] = filepath.Dir(own)
	if got, want := h.plugins(cpu), append(slices.Clone(want[:5]), own); !slices.Equal(got, want) {
		t.Errorf("with PJRT_PLUGIN_LIBRARY_PATH:\ngot  %q\nwant %q", got, want)
	}
}

func TestPluginsOfABareHost(t *testing.T) {
	h := host{root: t.TempDir(), env: map[string]string{}}
	if got := h.plugins(cpu); len(got) > 0 {
		t.Errorf("found %q on an empty host", got)
	}
}

// The python3 of a virtual environment is a link to the one that it was made from: both are looked
// in.
func TestPythonOnPathIsALink(t *testing.T) {
	root := t.TempDir()
	touch(t, root, "base/bin/python3.11")
	if err := os.MkdirAll(filepath.Join(root, "venv/bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../base/bin/python3.11", filepath.Join(root, "venv/bin/python3")); err != nil {
		t.Fatal(err)
	}
	h := host{root: root, env: map[string]string{"PATH": filepath.Join(root, "venv/bin")}}
	want := []string{filepath.Join(root, "venv"), filepath.Join(root, "base")}
	got := h.environments()
	if resolved, err := filepath.EvalSymlinks(root); err == nil && resolved != root {
		want[1] = filepath.Join(resolved, "base")
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFolderNamesMayHoldPatternCharacters(t *testing.T) {
	root := filepath.Join(t.TempDir(), "[a]*?")
	want := touch(t, root, "lib/python3.13/site-packages/xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so")
	h := host{root: root, env: map[string]string{"VIRTUAL_ENV": root}}
	if got := h.plugins(cpu); !slices.Equal(got, []string{want}) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPresent(t *testing.T) {
	for _, c := range []struct {
		device    string
		cuda, tpu bool
	}{
		{"dev/null", false, false},
		{"dev/nvidia0", true, false},
		{"dev/nvidiactl", false, false}, // The driver without a card.
		{"dev/dxg", true, false},
		{"dev/accel0", false, true},
		{"dev/vfio/3", false, true},
		{"dev/vfio/vfio", false, false}, // There on any machine that can pass devices on.
	} {
		h := host{root: t.TempDir()}
		touch(t, h.root, c.device)
		if h.present(cuda) != c.cuda || h.present(tpu) != c.tpu || !h.present(cpu) {
			t.Errorf("%s: cuda %t, tpu %t, cpu %t", c.device, h.present(cuda), h.present(tpu), h.present(cpu))
		}
	}
}

func TestKindOfFile(t *testing.T) {
	for file, want := range map[string]string{
		"/cuda/xla_cpu_pjrt.so":           "cpu", // The file's name counts, not the folder's.
		"/cpu/xla_cuda_plugin.so":         "cuda",
		"/x/pjrt_c_api_cpu_v0_plugin.so":  "cpu",
		"/x/libtpu.so":                    "tpu",
		"/x/pjrt_c_api_metal_plugin.so":   "pjrt_c_api_metal_plugin",
		"/x/PJRT_C_API_CUDA12_PLUGIN.DLL": "cuda",
	} {
		if got := kindOfFile(file).name; got != want {
			t.Errorf("%s: got %q, want %q", file, got, want)
		}
	}
}
