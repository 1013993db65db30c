package device

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// host is all that the choice of a plugin depends on, so that a test can describe a machine other
// than its own.
type host struct {
	env  map[string]string
	dir  string // working directory
	root string // "/", or the folder a test keeps its /dev and /usr in
}

func thisHost() host {
	env := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	dir, err := os.Getwd()
	if err != nil {
		dir = "" // Deleted under us: then there is no module root to find either.
	}
	return host{env: env, dir: dir, root: "/"}
}

// kind is a family of PJRT plugins.
type kind struct {
	name    string
	wheels  []string // where its Python wheels put the plugin, below site-packages, in order of preference
	devices []string // glob patterns of device files, one of which exists where the hardware does; nil: always there
	install string   // what to install for it
}

const cpuInstall = "run `make setup`, or pip install xla-cpu-pjrt==0.0.1 (Linux on x86-64)"

var (
	cuda = kind{
		name: "cuda",
		wheels: []string{
			"jax_plugins/xla_cuda13/xla_cuda_plugin.so",
			"jax_plugins/xla_cuda12/xla_cuda_plugin.so",
		},
		devices: []string{"dev/nvidia[0-9]*", "dev/dxg"}, // dxg: NVIDIA under WSL
		install: `pip install "jax-cuda13-plugin[with-cuda]"`,
	}
	tpu = kind{
		name:    "tpu",
		wheels:  []string{"libtpu/libtpu.so"},
		devices: []string{"dev/accel*", "dev/vfio/[0-9]*"},
		install: "pip install libtpu",
	}
	cpu = kind{
		name: "cpu",
		wheels: []string{
			"xla_plugins/xla_cpu_pjrt/xla_cpu_pjrt.so",
			"lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so",
		},
		install: cpuInstall,
	}
	accelerators = []kind{cuda, tpu}
	kinds        = []kind{cuda, tpu, cpu}
)

// kindOfFile tells a plugin's family by its file's name, as in pjrt_c_api_cpu_plugin.so. A file
// that does not say is a family of its own.
func kindOfFile(path string) kind {
	base := filepath.Base(path)
	for _, k := range kinds {
		if strings.Contains(strings.ToLower(base), k.name) {
			return k
		}
	}
	return kind{name: strings.TrimSuffix(base, filepath.Ext(base))}
}

// present tells whether the hardware of a family seems to be there.
func (h host) present(k kind) bool {
	return k.devices == nil || slices.ContainsFunc(k.devices, func(pattern string) bool {
		return len(glob(h.root, pattern)) > 0
	})
}

// plugins lists the plugin files of a family that exist on the host, the preferred one first.
func (h host) plugins(k kind) []string {
	var found []string
	add := func(paths ...string) {
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && !slices.Contains(found, path) {
				found = append(found, path)
			}
		}
	}
	for _, prefix := range h.environments() {
		for _, site := range sitePackages(prefix) {
			for _, wheel := range k.wheels {
				add(filepath.Join(site, wheel))
			}
		}
	}
	for _, folder := range h.goXLAFolders() {
		add(named(folder, k)...)
	}
	return found
}

// environments lists the roots of the Python environments to look in, the most deliberate choice
// first.
func (h host) environments() []string {
	var prefixes []string
	add := func(prefix string) {
		if prefix != "" && !slices.Contains(prefixes, prefix) {
			prefixes = append(prefixes, prefix)
		}
	}
	add(h.env["VIRTUAL_ENV"])
	add(h.env["CONDA_PREFIX"])
	if root, ok := moduleRoot(h.dir); ok {
		add(filepath.Join(root, ".venv"))
	}
	for _, folder := range filepath.SplitList(h.env["PATH"]) {
		python := filepath.Join(folder, "python3")
		if _, err := os.Stat(python); err != nil {
			continue
		}
		// The link's own folder first: in a virtual environment the link's target is the python it
		// was made from.
		add(filepath.Dir(folder))
		if target, err := filepath.EvalSymlinks(python); err == nil {
			add(filepath.Dir(filepath.Dir(target)))
		}
		break
	}
	return prefixes
}

// sitePackages lists the package folders of the environment at prefix (Debian's are called
// dist-packages).
func sitePackages(prefix string) []string {
	return slices.Concat(
		glob(prefix, "lib/python3*/site-packages"),
		glob(prefix, "lib/python3*/dist-packages"),
		glob(prefix, "local/lib/python3*/dist-packages"),
	)
}

// moduleRoot returns the nearest folder with a go.mod, from dir upwards.
func moduleRoot(dir string) (string, bool) {
	for dir != "" {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		dir = parent
	}
	return "", false
}

// goXLAFolders lists the folders where go-xla looks for plugins, in its order (its pjrt package
// keeps this list to itself, and opens every library in them to list the plugins).
func (h host) goXLAFolders() []string {
	if path, set := h.env["PJRT_PLUGIN_LIBRARY_PATH"]; set {
		return filepath.SplitList(path)
	}
	var folders []string
	if home := h.env["HOME"]; home != "" {
		lib := filepath.Join(home, ".local", "lib")
		if runtime.GOOS == "darwin" {
			lib = filepath.Join(home, "Library", "Application Support")
		}
		folders = append(folders, filepath.Join(lib, "go-xla"), filepath.Join(lib, "go-xla", "nvidia"))
	}
	system := filepath.Join(h.root, "usr", "local", "lib", "go-xla")
	folders = append(folders, system, filepath.Join(system, "nvidia"))
	for _, folder := range filepath.SplitList(h.env["LD_LIBRARY_PATH"]) {
		if filepath.IsAbs(folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

// named lists the plugins of a family in a folder, by go-xla's rule for their names: with or
// without a version, as pjrt_c_api_cpu_plugin.so and pjrt_c_api_cpu_v0.83.4_plugin.so.
func named(folder string, k kind) []string {
	var found []string
	for _, ext := range []string{"so", "dylib"} {
		for _, pattern := range []string{
			"pjrt_c_api_" + k.name + "_plugin.", "pjrt_c_api_" + k.name + "_v*_plugin.",
			"pjrt-plugin-" + k.name + ".", "pjrt_plugin_" + k.name + ".",
		} {
			found = append(found, glob(folder, pattern+ext)...)
		}
	}
	return found
}

// glob lists what matches the pattern below a folder, whose own name may hold any character.
func glob(folder, pattern string) []string {
	matches, err := fs.Glob(os.DirFS(folder), pattern)
	if err != nil {
		return nil // A malformed pattern; ours are constants.
	}
	for i, match := range matches {
		matches[i] = filepath.Join(folder, filepath.FromSlash(match))
	}
	return matches
}
