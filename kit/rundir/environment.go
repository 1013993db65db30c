package rundir

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"sslkit/data"
	"sslkit/kit/device"
)

// Environment is what env.json says of where a run ran, and with which images.
type Environment struct {
	Conditions
	Commit   string    `json:"commit"`    // Of the repository, with "+changes" where files differ from it.
	Data     string    `json:"data"`      // Name of the training set.
	Images   int       `json:"images"`    // Number of its images.
	DataHash string    `json:"data_hash"` // Names the content and order of the images.
	Began    time.Time `json:"began"`     // When the run was first started.
}

// Conditions are what the bits of a training depend on besides its recipe and its images.
type Conditions struct {
	Go       string            `json:"go"`                  // Version of the compiler.
	Modules  map[string]string `json:"modules"`             // Versions of the packages that compute.
	Backend  string            `json:"backend"`             // As device.Describe.
	Plugin   int64             `json:"plugin_bytes"`        // Size of the plugin, as device.PluginBytes.
	XLAFlags string            `json:"xla_flags,omitempty"` // The environment's XLA_FLAGS.
	Machine  Machine           `json:"machine"`             // What it ran on.
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

// CommitVariable is the environment variable that says which commit a program was built of, where
// that is no longer told by the files of the working directory: a job may wait for hours.
const CommitVariable = "SSLKIT_COMMIT"

// Changed ends a Commit from which the files differ.
const Changed = "+changes"

// Commit is the git commit that CommitVariable names, or else that of the repository of the working
// directory, with Changed behind it where its files differ from it, or "" outside of one.
func Commit() string {
	if commit, said := os.LookupEnv(CommitVariable); said {
		return commit
	}
	head, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return ""
	}
	commit := strings.TrimSpace(string(head))
	if changes, err := exec.Command("git", "status", "--porcelain", "--untracked-files=no").Output(); err == nil && len(changes) > 0 {
		commit += Changed
	}
	return commit
}

// TheseConditions are those of this process.
func TheseConditions() Conditions {
	return Conditions{
		Go: runtime.Version(), Modules: modules(), Backend: device.Describe(), Plugin: device.PluginBytes(), XLAFlags: os.Getenv("XLA_FLAGS"), Machine: ThisMachine(),
	}
}

// differences lists in what the conditions differ that other bits may come of, a line each.
func (c Conditions) differences(now Conditions) []string {
	var lines []string
	compare := func(name string, then, now any) {
		if then != now {
			lines = append(lines, fmt.Sprintf("  %s: %v, and now %v", name, then, now))
		}
	}
	compare("backend", c.Backend, now.Backend)
	compare("size of the plugin in bytes", c.Plugin, now.Plugin)
	compare("XLA_FLAGS", strconv.Quote(c.XLAFlags), strconv.Quote(now.XLAFlags))
	compare("cores", c.Machine.Cores, now.Machine.Cores)
	compare("processor", c.Machine.Processor, now.Machine.Processor)
	compare("accelerator", c.Machine.Accelerator, now.Machine.Accelerator)
	compare("Go", c.Go, now.Go)
	for _, module := range slices.Sorted(maps.Keys(c.Modules)) {
		if version, known := now.Modules[module]; known { // What a notebook's cell is built of may not tell.
			compare(module, c.Modules[module], version)
		}
	}
	return lines
}

// BeginEnvironment writes env.json of a run that has not trained yet.
func (d Dir) BeginEnvironment(set data.Set) error {
	return d.rewrite(EnvironmentFile, Environment{
		Conditions: TheseConditions(), Commit: Commit(),
		Data: set.Name(), Images: set.Len(), DataHash: set.Fingerprint(), Began: time.Now().UTC().Truncate(time.Second),
	})
}

// Environment reads env.json.
func (d Dir) Environment() (Environment, error) {
	var there Environment
	content, err := d.Read(EnvironmentFile)
	if err == nil {
		err = json.Unmarshal(content, &there)
	}
	if err != nil {
		return there, fmt.Errorf("reading %s: %w", d.Path(EnvironmentFile), err)
	}
	return there, nil
}

// MatchImages returns an error where the training images are others than when the run began.
func (e Environment) MatchImages(d Dir, set data.Set) error {
	if e.DataHash != set.Fingerprint() {
		return fmt.Errorf("%s began with other images: %d of %s with hash %s; here are %d of %s with hash %s",
			d, e.Images, e.Data, e.DataHash, set.Len(), set.Name(), set.Fingerprint())
	}
	return nil
}

// Elsewhere is the error of going on with a training under other conditions than it has begun
// under: it would end in other bits.
type Elsewhere struct {
	Dir         Dir
	Differences []string // A line each.
}

func (e *Elsewhere) Error() string {
	return fmt.Sprintf("%s began under other conditions, so that going on here would end in other bits; go on there, choose another "+
		"directory, or accept it by Recipe.ResumeElsewhere. The difference:\n%s", e.Dir, strings.Join(e.Differences, "\n"))
}

// MatchConditions returns an error, an *Elsewhere, where the conditions of this process are others
// than those that the run trained under up to a step, behind which it is to go on.
func (d Dir) MatchConditions(step int) error {
	began, err := d.Environment()
	if err != nil {
		return err
	}
	last := began.Conditions
	resumed, err := d.ResumedUnder()
	if err != nil {
		return err
	}
	for _, then := range resumed {
		if then.Step <= step { // Those of later steps are of checkpoints that were passed over.
			last = then.Conditions
		}
	}
	if lines := last.differences(TheseConditions()); len(lines) > 0 {
		return &Elsewhere{d, lines}
	}
	return nil
}

// ResumedUnder are other conditions under which a run went on.
type ResumedUnder struct {
	Step int `json:"after_step"` // Behind which it went on.
	Conditions
}

// resumedFile names the file of the conditions under which a run went on behind a step.
const resumedFile = "env-after-%d.json"

// ResumeElsewhere keeps the conditions of this process, under which the run goes on behind a step.
func (d Dir) ResumeElsewhere(step int) error {
	name := fmt.Sprintf(resumedFile, step)
	if err := d.rewrite(name, ResumedUnder{step, TheseConditions()}); err != nil {
		return err
	}
	return d.Seal(name)
}

// ResumedUnder lists the other conditions that the run was let go on under, by step.
func (d Dir) ResumedUnder() ([]ResumedUnder, error) {
	written, err := readSums(string(d))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var all []ResumedUnder
	for name := range written {
		if _, ok := resumedStep(name); !ok {
			continue
		}
		content, err := d.Read(name)
		if err != nil {
			return nil, err
		}
		var resumed ResumedUnder
		if err := json.Unmarshal(content, &resumed); err != nil {
			return nil, fmt.Errorf("reading %s: %w", d.Path(name), err)
		}
		all = append(all, resumed)
	}
	slices.SortFunc(all, func(a, b ResumedUnder) int { return cmp.Compare(a.Step, b.Step) })
	return all, nil
}

// resumedStep is the step that a file of that name tells the conditions behind, if it is such a
// file.
func resumedStep(name string) (step int, ok bool) {
	n, _ := fmt.Sscanf(name, resumedFile, &step)
	return step, n == 1 && name == fmt.Sprintf(resumedFile, step)
}

// forgetConditionsAfter removes the conditions of steps behind this one.
func (d Dir) forgetConditionsAfter(step int) error {
	paths, err := filepath.Glob(d.Path(strings.Replace(resumedFile, "%d", "*", 1)))
	if err != nil {
		return err
	}
	var later []string
	for _, path := range paths {
		name := filepath.Base(path)
		if behind, ok := resumedStep(name); ok && behind > step {
			later = append(later, name)
		}
	}
	if err := d.forget(later...); err != nil {
		return err
	}
	for _, name := range later {
		if err := os.Remove(d.Path(name)); err != nil {
			return err
		}
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
