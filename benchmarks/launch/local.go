package launch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"

	"sslkit/kit/interrupt"
	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// local runs what is missing in child processes, some at a time. One that fails does not stop the
// others. An interrupt is passed on to them, once: each ends its step and keeps its checkpoint.
func local(f Flags, g Grid) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("looking for the program to run cells by: %w", err)
	}
	missing := g.missing()
	to, err := g.newFolder(missing)
	if err != nil {
		return err
	}
	fmt.Printf("%d of %d cells are done; the logs of the others are in %s\n", len(g.Cells)-len(missing), len(g.Cells), to.dir)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	c := children{program: program, arguments: arguments(), commit: rundir.Commit(), folder: to, ended: make(chan ended)}
	return c.run(max(f.jobs, 1), signals)
}

// children are the processes of the cells of a folder.
type children struct {
	program   string
	arguments []string
	commit    string // That the program was built of: the files may change meanwhile.
	folder    folder

	running map[int]*exec.Cmd // By the number of the cell.
	ended   chan ended
}

// ended is a cell whose process has ended.
type ended struct {
	cell int
	err  error
}

// run runs all cells, at most so many at a time, until they have ended, or those that run once a
// signal asks for an end.
func (c *children) run(atATime int, signals <-chan os.Signal) error {
	c.running = map[int]*exec.Cmd{}
	next, done, failed := 0, 0, []string{}
	fail := func(cell int, err error) {
		line := fmt.Sprintf("%s: %v, log %s: %s", c.folder.cells[cell], err, c.folder.log(cell), lastLine(c.folder.log(cell)))
		failed = append(failed, "  "+line)
		fmt.Println("failed: " + line)
	}
	var asked os.Signal
	for {
		for asked == nil && next < len(c.folder.cells) && len(c.running) < atATime {
			if err := c.start(next); err != nil {
				fail(next, err)
			}
			next++
		}
		if len(c.running) == 0 {
			break
		}
		select {
		case asked = <-signals:
			fmt.Fprintln(os.Stderr, "\ninterrupted: the cells in hand end their step and keep its checkpoint; interrupt again to end at once")
			for _, child := range c.running {
				child.Process.Signal(asked) // One that has ended meanwhile needs none.
			}
		case e := <-c.ended:
			delete(c.running, e.cell)
			if e.err == nil {
				done++
				fmt.Printf("done, %d of %d: %s\n", done, len(c.folder.cells), c.folder.cells[e.cell])
			} else if asked == nil {
				fail(e.cell, e.err)
			}
		}
	}
	if asked != nil {
		return interrupt.New(asked, fmt.Sprintf("interrupted: %d of %d cells are not done; the same command goes on with them; logs in %s",
			len(c.folder.cells)-done, len(c.folder.cells), c.folder.dir))
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d cells failed; the same command tries these again:\n%s", len(failed), len(c.folder.cells),
			strings.Join(failed, "\n"))
	}
	return nil
}

// start starts the process of a cell.
func (c *children) start(cell int) error {
	log, err := os.OpenFile(c.folder.log(cell), os.O_CREATE|os.O_APPEND|os.O_WRONLY, wholefile.FilePerms)
	if err != nil {
		return err
	}
	child := exec.Command(c.program, append(c.arguments[:len(c.arguments):len(c.arguments)], "-cell="+c.folder.cells[cell])...)
	child.Stdout, child.Stderr = log, log
	child.Env = append(os.Environ(), rundir.CommitVariable+"="+c.commit)
	ownGroup(child)
	fmt.Fprintf(log, "%s\n", strings.Join(child.Args, " "))
	if err := child.Start(); err != nil {
		return errors.Join(err, log.Close())
	}
	c.running[cell] = child
	go func() {
		err := child.Wait()
		log.Close()
		c.ended <- ended{cell, err}
	}()
	return nil
}
