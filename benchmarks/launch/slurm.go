package launch

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// slurm submits what is missing and not queued yet: an array job with a task for each cell, or
// several such jobs where Slurm's arrays may not be that large.
func slurm(f Flags, g Grid) error {
	if _, err := exec.LookPath("sbatch"); err != nil {
		return fmt.Errorf("-launcher slurm: there is no sbatch on PATH; run this where Slurm's commands are, such as on a login node: %w", err)
	}
	if err := checkOptions(f.sbatch); err != nil {
		return err
	}
	states, err := g.states()
	if err != nil {
		return err
	}
	missing := g.missing()
	var submit []Cell
	for _, c := range missing {
		s := states[c.Name]
		if s.queued != "" {
			continue
		}
		submit = append(submit, c)
		if s.log != "" {
			fmt.Printf("%s %v\n", c.Name, s)
		}
	}
	fmt.Printf("of %d cells %d are done, %d queued, %d are submitted\n", len(g.Cells), len(g.Cells)-len(missing),
		len(missing)-len(submit), len(submit))
	var jobs []string
	if len(submit) > 0 {
		size, err := maxArraySize()
		if err != nil {
			return err
		}
		program, err := g.keepProgram()
		if err != nil {
			return err
		}
		for part := range slices.Chunk(submit, size) {
			job, err := f.submit(g, program, part)
			if err != nil {
				return err
			}
			jobs = append(jobs, job)
		}
	}
	if len(g.missing()) == 0 {
		return nil
	}
	if options := strings.Fields(f.sbatch); slices.Contains(options, "--wait") || slices.Contains(options, "-W") {
		return gather(f, g)
	}
	sayNext(g, jobs)
	return nil
}

// checkOptions returns an error where the user's options of sbatch are those that the script has.
func checkOptions(options string) error {
	if strings.ContainsAny(options, "\r\n") {
		return errors.New("-sbatch must be one line")
	}
	for _, option := range strings.Fields(options) {
		name, _, _ := strings.Cut(option, "=")
		if slices.Contains([]string{"--array", "-a", "--chdir", "-D", "--output", "-o", "--error", "-e", "--clusters", "-M"}, name) {
			return fmt.Errorf("-sbatch: %s is the launcher's own; -j limits how many tasks run at a time", name)
		}
	}
	return nil
}

// submit submits one array job, and gives its number. With --wait among the options it returns when
// the job has ended.
func (f Flags) submit(g Grid, program string, cells []Cell) (string, error) {
	to, err := g.newFolder(cells)
	if err != nil {
		return "", err
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	script := script{
		question: g.Question, folder: to, here: here, program: program, arguments: arguments(), commit: rundir.Commit(),
		atATime: f.jobs, options: f.sbatch,
	}
	path := filepath.Join(to.dir, scriptFile)
	if err := wholefile.WriteBytes(path, []byte(script.String())); err != nil {
		return "", err
	}
	command := exec.Command("sbatch", "--parsable", path)
	var said bytes.Buffer
	command.Stderr = io.MultiWriter(os.Stderr, &said)
	answer, err := command.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := command.Start(); err != nil {
		return "", fmt.Errorf("submitting %s: %w", path, err)
	}
	lines := bufio.NewReader(answer)
	line, _ := lines.ReadString('\n')
	job, _, _ := strings.Cut(strings.TrimSpace(line), ";") // A cluster may stand behind it.
	if job != "" {
		fmt.Printf("submitted as job %s: %d tasks, logs %s\n", job, len(cells), filepath.Join(to.dir, "*.log"))
		if err := wholefile.WriteBytes(filepath.Join(to.dir, jobFile), []byte(job+"\n")); err != nil {
			return "", fmt.Errorf("job %s is submitted, but its number is not kept: %w", job, err)
		}
	}
	io.Copy(io.Discard, lines)
	// After a wait, the status is the worst task's: that is said of the cells.
	if err := command.Wait(); job == "" {
		return "", fmt.Errorf("sbatch did not take %s: %s", path, cmp.Or(strings.TrimSpace(said.String()), fmt.Sprint(err)))
	}
	return job, nil
}

// keepProgram copies this program to the grid's folder, which all nodes see. Its name holds a hash:
// a task that is begun again later runs what it ran before, whatever is built meanwhile.
func (g Grid) keepProgram() (string, error) {
	path, err := g.copyProgram()
	if err != nil {
		return "", fmt.Errorf("copying the program to the folder of the grid: %w", err)
	}
	return path, nil
}

func (g Grid) copyProgram() (string, error) {
	mine, err := os.Executable()
	if err != nil {
		return "", err
	}
	content, err := os.ReadFile(mine)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	path, err := filepath.Abs(filepath.Join(g.Folder, fmt.Sprintf("%s-%x", g.Question, sum[:6])))
	if err != nil {
		return "", err
	}
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), wholefile.FolderPerms); err != nil {
		return "", err
	}
	if err := wholefile.WriteBytes(path, content); err != nil {
		return "", err
	}
	return path, os.Chmod(path, wholefile.FolderPerms)
}

// maxArraySize is the largest number of tasks of an array job.
func maxArraySize() (int, error) {
	config, err := output("scontrol", "show", "config")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(config) {
		name, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(name) != "MaxArraySize" {
			continue
		}
		size, err := strconv.Atoi(strings.TrimSpace(value))
		if err != nil || size < 1 {
			return 0, fmt.Errorf("scontrol show config: MaxArraySize is %q: no array jobs", strings.TrimSpace(value))
		}
		return size, nil
	}
	return 0, errors.New("scontrol show config tells no MaxArraySize")
}

// output is what a command of Slurm says. The error of one that fails holds its words.
func output(name string, arguments ...string) (string, error) {
	command := exec.Command(name, arguments...)
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(command.Args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

// sayNext tells how to look at jobs, end them, and gather.
func sayNext(g Grid, jobs []string) {
	again := "go run ./benchmarks/" + g.Question
	for _, a := range arguments() {
		again += " " + quoted(a)
	}
	fmt.Printf("to look at them:     squeue --me --array\n")
	if len(jobs) > 0 {
		fmt.Printf("to end these:        scancel %s\n", strings.Join(jobs, " "))
	}
	fmt.Printf("once they are done:  %s -launcher gather\n", again)
}
