package device

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/go-xla/compute/xla"
	_ "github.com/gomlx/go-xla/compute/xla/autoinstall" // xla.AutoInstall has nothing to call without it.
)

// opener chooses a backend for a host and opens it. Its functions are go-xla's, and a test's own in
// tests.
type opener struct {
	host    host
	client  func(config string, options clientOptions) (*opened, error)
	install func() error
	warn    io.Writer
}

func newOpener() opener {
	return opener{host: thisHost(), client: newClient, install: xla.AutoInstall, warn: os.Stderr}
}

// open chooses and opens the backend.
func (o opener) open() (*opened, error) {
	if config := o.host.env[compute.ConfigEnvVar]; config != "" {
		b, err := o.configured(config)
		if err != nil {
			// Nothing else is tried: who names a backend does not want another.
			return nil, fmt.Errorf("%s=%s: %w", compute.ConfigEnvVar, config, err)
		}
		return b, nil
	}
	b, err := o.anyPlugin()
	if err != nil {
		// Not the Go backend unasked: a training of minutes would take hours, and nothing in a
		// notebook would say why.
		return nil, fmt.Errorf("no backend to compute on: %w\n%s", err, remedy)
	}
	return b, nil
}

// remedy says what to do where no plugin opens.
const remedy = "One of these helps:\n" +
	"  - " + cpuInstall + ";\n" +
	"  - the internet, for go-xla's own installer (GOMLX_NO_AUTO_INSTALL must not be set);\n" +
	"  - GOMLX_BACKEND=go in the environment, which asks for GoMLX's Go backend: it needs no plugin and is tens of times slower"

// configured opens the backend that config names, in GoMLX's form: backend:plugin,option,option.
func (o opener) configured(config string) (*opened, error) {
	backend, rest, _ := strings.Cut(config, ":")
	plugin, options, _ := strings.Cut(rest, ",")
	if backend == gobackend.BackendName {
		return o.pureGo(rest)
	}
	if known := compute.List(); !slices.Contains(known, backend) {
		slices.Sort(known)
		return nil, fmt.Errorf("no backend %q: there are %s", backend, strings.Join(known, ", "))
	}
	if filepath.IsAbs(plugin) {
		return o.file(kindOfFile(plugin), plugin, options)
	}
	if strings.ContainsRune(plugin, filepath.Separator) {
		return nil, fmt.Errorf("plugin %s: want an absolute path, or a name: cpu, cuda, tpu", plugin)
	}
	if plugin == "" && options == "" {
		return o.anyPlugin()
	}
	if plugin == "" {
		plugin = cpu.name
	}
	for _, k := range kinds {
		if k.name == plugin {
			return o.installed(k, options)
		}
	}
	return o.create(plugin, joinOptions(plugin, options), nil) // A family of go-xla's that is not known here.
}

// anyPlugin opens an accelerator's plugin where its device is present, else a CPU plugin, installed
// if need be.
func (o opener) anyPlugin() (*opened, error) {
	for _, k := range accelerators {
		if !o.host.present(k) {
			continue
		}
		b, err := o.first(k, "")
		if err == nil {
			return b, nil
		}
		o.warnf("a %s device seems to be here but is not used (GOMLX_BACKEND=xla:cpu says that this is meant): %s",
			strings.ToUpper(k.name), oneLine(err))
	}
	return o.installed(cpu, "")
}

// installed opens a plugin of a family, after asking go-xla's installer for it where there is none.
func (o opener) installed(k kind, options string) (*opened, error) {
	b, err := o.first(k, options)
	if err == nil || len(o.host.plugins(k)) > 0 {
		return b, err
	}
	if _, off := o.host.env[xla.NoAutoInstallEnv]; off {
		return nil, fmt.Errorf("%w (not downloaded: %s is set)", err, xla.NoAutoInstallEnv)
	}
	failure := o.install()
	// Look even if it failed: it installs several families, and reports the first that fails.
	if b, err := o.first(k, options); err == nil || len(o.host.plugins(k)) > 0 {
		return b, err
	}
	if failure != nil {
		return nil, fmt.Errorf("%w (go-xla's installer: %v)", err, failure)
	}
	return nil, err
}

// first opens the first plugin of a family that can be opened. Its error says why none can.
func (o opener) first(k kind, options string) (*opened, error) {
	paths := o.host.plugins(k)
	if len(paths) == 0 {
		return nil, fmt.Errorf("no PJRT plugin for %s found; to install one: %s", k.name, k.install)
	}
	var failures []error
	for _, path := range paths {
		b, err := o.file(k, path, options)
		if err == nil {
			return b, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

// file opens the plugin in the file at path.
func (o opener) file(k kind, path, options string) (*opened, error) {
	b, err := o.checkedFile(k, path, options)
	if err != nil {
		return nil, fmt.Errorf("PJRT plugin %s: %w", path, err)
	}
	b.plugin = path // Not the other name it may have been loaded by.
	return b, nil
}

func (o opener) checkedFile(k kind, path, options string) (*opened, error) {
	if err := checkPlugin(path); err != nil {
		return nil, err
	}
	if strings.Contains(path, ",") {
		return nil, errors.New("go-xla takes what follows a comma for an option: move the file")
	}
	switch k.name {
	case cpu.name:
		return o.cpuFile(path, options)
	case cuda.name:
		return o.cudaFile(path, options)
	}
	return o.create(k.name, joinOptions(path, options), nil)
}

// create makes the PJRT client, and wants a device from it.
func (o opener) create(name, config string, options clientOptions) (*opened, error) {
	b, err := o.client(config, options)
	if err != nil {
		return nil, err
	}
	if b.backend.NumDevices() == 0 {
		b.backend.Finalize()
		return nil, errors.New("the plugin was loaded, but has no device")
	}
	b.name = xla.BackendName + ":" + name
	return b, nil
}

// pureGo opens GoMLX's Go backend. Unless config says otherwise it runs one operation after the
// other, each on all cores: in compute v0.1.6 operations that run side by side can wait for each
// other's workers for ever.
func (o opener) pureGo(config string) (*opened, error) {
	if config == "" {
		config = "ops_sequential"
	}
	backend, err := gobackend.New(config)
	if err != nil {
		return nil, fmt.Errorf("opening the pure Go backend: %w", err)
	}
	return &opened{backend: backend, name: gobackend.BackendName}, nil
}

// warnf writes one line. A failure to write it is no reason to fail.
func (o opener) warnf(format string, args ...any) {
	fmt.Fprintf(o.warn, "sslkit: "+format+"\n", args...)
}

// oneLine is the error's message without line breaks.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}

func joinOptions(plugin, options string) string {
	if options == "" {
		return plugin
	}
	return plugin + "," + options
}
