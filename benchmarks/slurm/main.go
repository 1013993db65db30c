//go:build linux

// Command slurm asks whether a grid that runs on Slurm, and loses a node there, gives the table that
// one machine gives:
//
//	go run ./benchmarks/slurm
//
// It starts a Slurm of its own on this machine (Debian's packages slurm-wlm and munge) and ends it
// again. All of it is in a folder of its own: no other Slurm is touched.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"sslkit/benchmarks/question"
	"sslkit/benchmarks/result"
	"sslkit/kit/device"
)

const asks = "Does a grid that runs on Slurm, and loses a node there, give the table that one machine gives?"

const protocol = "A small grid of benchmarks/methods (SimCLR, BYOL and MAE on Shapes, 3,200 images a run) is submitted by -launcher " +
	"slurm to a Slurm of two nodes on this machine. Once the tasks on both nodes have a checkpoint, the daemon and all processes " +
	"of one node are killed (SIGKILL), and the task on the other is requeued (scontrol requeue, which sends SIGTERM as a preemption " +
	"does). The node comes back after Slurm has missed it. The table that -launcher gather writes is compared with that of the " +
	"same grid by -launcher local -j 2 in another folder: all but what was measured by the clock or of the memory, to the bit. A " +
	"task has gone on where it was, rather than from the beginning, where the steps up to its last checkpoint have the times " +
	"that they had before."

func main() {
	var o question.Options
	o.Register()
	question.Main("slurm", asks, func() error { return measure(o) })
}

func measure(o question.Options) (err error) {
	if _, err := device.Open(); err != nil { // No task would do any better.
		return err
	}
	out := result.New("slurm", protocol) // Of the commit that it begins with.
	runs, err := filepath.Abs(o.Runs("slurm"))
	if err != nil {
		return err
	}
	if err := os.RemoveAll(runs); err != nil { // What is kept there would be loaded.
		return err
	}
	dir, err := os.MkdirTemp("", "sslkit-slurm-")
	if err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // munged wants to be reachable by all.
		return err
	}
	g := grid{program: filepath.Join(dir, "methods"), runs: runs}
	if said, err := exec.Command("go", "build", "-o", g.program, "./benchmarks/methods").CombinedOutput(); err != nil {
		return fmt.Errorf("building benchmarks/methods: %w: %s", err, said)
	}
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	c, err := start(ctx, dir)
	defer func() {
		if err = errors.Join(err, c.stop()); err != nil {
			fmt.Fprintf(os.Stderr, "the logs of Slurm are in %s\n", dir)
			return
		}
		err = os.RemoveAll(dir)
	}()
	if err != nil {
		return err
	}
	if err := (campaign{c, g, &out}).run(ctx); err != nil {
		return err
	}
	return out.WriteWith(o.Results(), table(out))
}

// table is the result as Markdown.
func table(r result.Result) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s\n\n%d cores, %d GiB, %s; %s; %s; commit %s.\n\n| | | |\n|---|---:|---|\n", r.Protocol, r.Machine.Cores,
		r.Machine.MemoryGiB, r.Machine.Processor, r.Backend, r.Notes[0], r.Commit)
	for _, row := range r.Rows {
		fmt.Fprintf(&text, "| %s | %.0f%s | %s |\n", row.Metric, row.Value, strings.TrimRight(" "+row.Unit, " "), row.Detail)
	}
	return text.String()
}

// grid is the grid of trainings.
type grid struct{ program, runs string }

// run runs benchmarks/methods with the runs of a part.
func (g grid) run(ctx context.Context, part string, flags ...string) error {
	command := exec.CommandContext(ctx, g.program, append([]string{"-quick", "-set", "shapes", "-only", "simclr,byol,mae", "-images", "3200",
		"-runs", filepath.Join(g.runs, part)}, flags...)...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	// A launcher that is asked for its end ends its cells; a Ctrl+C besides would ask again.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	return command.Run()
}

// cells are the run directories.
func (g grid) cells(part string) ([]string, error) {
	return filepath.Glob(filepath.Join(g.runs, part+"-quick", "methods", "shapes", "*", "*-[0-9]"))
}

// table is the result.
func (g grid) table(part string) (result.Result, error) {
	return result.Read(filepath.Join(g.runs, part+"-quick", "methods-shapes.json"))
}

// campaign is the grid on a cluster, with what comes of it.
type campaign struct {
	cluster *cluster
	grid    grid
	out     *result.Result
}

// patience is how long all tasks together may take.
const patience = 20 * time.Minute

func (c campaign) run(ctx context.Context) error {
	began := time.Now()
	if err := c.grid.run(ctx, "slurm", "-launcher", "slurm"); err != nil {
		return err
	}
	submitted, err := output("squeue", "--noheader", "--array", "--format=%F")
	if err != nil {
		return err
	}
	hurt, err := c.hurt(ctx)
	if err != nil {
		return err
	}
	if err := within(ctx, patience, "the end of all tasks", func() (bool, error) {
		said, err := output("squeue", "--noheader")
		return said == "", err
	}); err != nil {
		return err
	}
	seconds := time.Since(began).Seconds()
	if err := c.grid.run(ctx, "slurm", "-launcher", "gather"); err != nil {
		return err
	}
	resumed, err := hurt.goneOn()
	if err != nil {
		return err
	}
	if err := c.grid.run(ctx, "local", "-launcher", "local", "-j", "2"); err != nil {
		return err
	}
	there, err := c.grid.table("slurm")
	if err != nil {
		return err
	}
	here, err := c.grid.table("local")
	if err != nil {
		return err
	}
	different := result.Differences(there, here)
	jobs := strings.Fields(submitted)
	slices.Sort(jobs)
	version, err := output("sinfo", "--version")
	if err != nil {
		return err
	}
	add := func(what string, value int, detail string) {
		row := result.Exact("methods/shapes", what, float64(value), "")
		row.Detail = detail
		c.out.Rows = append(c.out.Rows, row)
	}
	add("tasks", len(jobs), "")
	add("array jobs", len(slices.Compact(jobs)), "MaxArraySize is 2")
	add("tasks that lost their node or were requeued", len(hurt), strings.Join(hurt.names(), "; "))
	add("of these, gone on behind their checkpoint", resumed, "")
	add("rows of the table", len(here.Rows), "")
	add("rows that differ from those of one machine", len(different), strings.Join(different, "; "))
	took := result.Exact("methods/shapes", "time on Slurm", seconds, "s")
	took.Detail = "from the submission to the end of the last task, with what Slurm waits before it misses a node and begins a task again"
	c.out.Rows = append(c.out.Rows, took)
	c.out.Notes = []string{strings.TrimSpace(version) + ", two nodes of one processor each"}
	if resumed < len(hurt) || len(different) > 0 {
		return fmt.Errorf("%d of %d tasks have gone on where they were; %d rows differ: %s", resumed, len(hurt), len(different),
			strings.Join(different, "; "))
	}
	return nil
}

// hurt kills the first node and requeues the task of the second, each when its task has a
// checkpoint, and brings the node back once Slurm has missed it.
func (c campaign) hurt(ctx context.Context) (interrupted, error) {
	var all interrupted
	for i, node := range nodes {
		cell, err := c.withCheckpoint(ctx, node)
		if err != nil {
			return nil, err
		}
		task, err := c.task(node)
		if err != nil {
			return nil, err
		}
		how := "its node was killed"
		if i == 0 {
			err = c.cluster.kill(node)
		} else {
			how = "it was requeued"
			if _, err = output("scontrol", "requeue", task); err == nil {
				err = within(ctx, time.Minute, "the end of what was requeued", func() (bool, error) {
					left, err := processes("SLURMD_NODENAME=" + node)
					return len(left) == 0, err
				})
			}
		}
		if err != nil {
			return nil, err
		}
		was, err := look(cell)
		if err != nil {
			return nil, err
		}
		was.how = how
		fmt.Printf("%s, %s\n", was, how)
		all = append(all, was)
	}
	if err := within(ctx, 2*time.Minute, "Slurm to miss the node", func() (bool, error) {
		said, err := output("sinfo", "--noheader", "--nodes="+nodes[0], "--format=%T")
		return strings.HasPrefix(said, "down"), err
	}); err != nil {
		return nil, err
	}
	fmt.Printf("Slurm has missed node %s: it comes back\n", nodes[0])
	return all, c.cluster.bring(nodes[0])
}

// task is the one that runs on a node.
func (c campaign) task(node string) (string, error) {
	said, err := output("squeue", "--noheader", "--array", "--states=RUNNING", "--nodelist="+node, "--format=%F_%K")
	if err == nil && len(strings.Fields(said)) != 1 {
		err = fmt.Errorf("on node %s run %q, not one task", node, said)
	}
	return strings.TrimSpace(said), err
}

// withCheckpoint waits until the task on a node has written a checkpoint, and gives its run
// directory.
func (c campaign) withCheckpoint(ctx context.Context, node string) (dir string, err error) {
	return dir, within(ctx, patience, "a checkpoint on node "+node, func() (bool, error) {
		running, err := processes("SLURMD_NODENAME=" + node)
		if err != nil {
			return false, err
		}
		cells, err := c.grid.cells("slurm")
		if err != nil {
			return false, err
		}
		for _, cell := range cells {
			for _, pid := range running {
				holder, err := os.ReadFile(filepath.Join(cell, "lock"))
				if err != nil || !bytes.HasPrefix(holder, fmt.Appendf(nil, "process %d on ", pid)) {
					continue
				}
				dir = cell
				written, err := filepath.Glob(filepath.Join(cell, "checkpoint", "step-*"))
				return len(written) > 0, err
			}
		}
		queued, err := output("squeue", "--noheader")
		if err == nil && queued == "" {
			err = fmt.Errorf("all tasks have ended; their logs are in %s", c.grid.runs)
		}
		return false, err
	})
}
