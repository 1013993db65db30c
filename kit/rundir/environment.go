package rundir

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"sslkit/data"
	"sslkit/kit/device"
)

// Environment is what env.json says of where a run ran, and with which images.
type Environment struct {
	Go       string            `json:"go"`        // Version of the compiler.
	Modules  map[string]string `json:"modules"`   // Versions of the packages that compute.
	Backend  string            `json:"backend"`   // As device.Describe.
	Machine  Machine           `json:"machine"`   // What it ran on.
	Commit   string            `json:"commit"`    // Of the repository, with "+changes" where files differ from it.
	Data     string            `json:"data"`      // Name of the training set.
	Images   int               `json:"images"`    // Number of its images.
	DataHash string            `json:"data_hash"` // Names the content and order of the images.
	Began    time.Time         `json:"began"`     // When the run was first started.
}

// Machine describes the hardware of a run or a benchmark.
type Machine struct {
	Cores     int    `json:"cores"`      // That this process may use.
	MemoryGiB int    `json:"memory_gib"` // Main memory in GiB, rounded; 0 where the system does not tell.
	Processor string `json:"processor"`  // Model name.
	// Accelerator is the model of the first NVIDIA device, or "none".
	Accelerator string `json:"accelerator"`
}

// ThisMachine describes the machine of this process. What the system does not tell is left zero.
func ThisMachine() Machine {
	return Machine{
		Cores:       runtime.NumCPU(),
		MemoryGiB:   memoryGiB(),
		Processor:   procField("/proc/cpuinfo", "model name"),
		Accelerator: accelerator(),
	}
}

// accelerator is the model of the first NVIDIA device, as its driver tells it, or "none".
func accelerator() string {
	devices, _ := filepath.Glob("/proc/driver/nvidia/gpus/*/information")
	for _, device := range devices {
		if model := procField(device, "Model"); model != "" {
			return model
		}
	}
	return "none"
}

// memoryGiB is the memory of the machine, rounded.
func memoryGiB() int {
	var kib float64
	fmt.Sscan(procField("/proc/meminfo", "MemTotal"), &kib)
	return int(kib/(1<<20) + .5)
}

// procField reads the first "name : value" of a file of Linux's /proc.
func procField(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Commit is the git commit of the repository of the working directory, with "+changes" where its
// files differ from it, or "" outside of one.
func Commit() string {
	head, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return ""
	}
	commit := strings.TrimSpace(string(head))
	if changes, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(changes) > 0 {
		commit += "+changes"
	}
	return commit
}

// MatchEnvironment writes env.json in a new run directory. In one that has it, it returns an error
// where the training images are others than when the run began, or, unless the run is finished, the
// backend is another: the bits would differ.
func (d Dir) MatchEnvironment(set data.Set) error {
	path, finished := d.Path(EnvironmentFile), d.Finished()
	content, err := os.ReadFile(path)
	if os.IsNotExist(err) && !finished {
		return WriteJSON(path, Environment{
			Go: runtime.Version(), Modules: modules(), Backend: device.Describe(), Machine: ThisMachine(), Commit: Commit(),
			Data: set.Name(), Images: set.Len(), DataHash: set.Fingerprint(), Began: time.Now().UTC().Truncate(time.Second),
		})
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	var there Environment
	if err := json.Unmarshal(content, &there); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if there.DataHash != set.Fingerprint() {
		return fmt.Errorf("%s began with other images: %d of %s with hash %s; here are %d of %s with hash %s",
			d, there.Images, there.Data, there.DataHash, set.Len(), set.Name(), set.Fingerprint())
	}
	if !finished && there.Backend != device.Describe() {
		return fmt.Errorf("%s began on %s, and here is %s: go on there, or choose another directory", d, there.Backend, device.Describe())
	}
	return nil
}

// modules lists the versions of the packages that compute. The build information of a notebook cell
// may lack them.
func modules() map[string]string {
	versions := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versions
	}
	for _, dep := range info.Deps {
		if strings.HasPrefix(dep.Path, "github.com/gomlx/") || strings.HasPrefix(dep.Path, "gonum.org/") {
			versions[dep.Path] = dep.Version
		}
	}
	return versions
}
