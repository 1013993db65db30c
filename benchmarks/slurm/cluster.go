//go:build linux

package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// nodes are those of the cluster.
var nodes = []string{"n1", "n2"}

// cluster is a Slurm on this machine, with its own key, ports and folder: one that is installed here
// isn't touched.
type cluster struct {
	dir     string
	daemons map[string]*exec.Cmd // By name; those of nodes by the node's.
}

// configuration is slurm.conf. Two nodes are this machine, each with one processor. Nothing needs
// cgroups, systemd, or root. SlurmdTimeout is how soon a node is missed, cred_expire how long a task
// that lost its node waits, and MaxArraySize is small enough that the grid takes two arrays.
const configuration = `ClusterName=sslkit
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port0}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={dir}/munge/socket,cred_expire=15
StateSaveLocation={dir}/state
SlurmdSpoolDir={dir}/spool-%n
SlurmctldPidFile={dir}/slurmctld.pid
SlurmdPidFile={dir}/%n.pid
SlurmctldLogFile={dir}/slurmctld.log
SlurmdLogFile={dir}/%n.log
MailProg=/bin/true
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MaxArraySize=2
SlurmdTimeout=10
ReturnToService=2
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={port1} CPUs=1
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={port2} CPUs=1
PartitionName=all Nodes=n1,n2 Default=YES MaxTime=INFINITE State=UP
`

// start starts a cluster in a folder, and waits until its nodes are idle.
func start(ctx context.Context, dir string) (*cluster, error) {
	c := &cluster{dir: dir, daemons: map[string]*exec.Cmd{}}
	if err := c.configure(); err != nil {
		return c, err
	}
	munge := filepath.Join(dir, "munge")
	if err := c.daemon("munged", "munged", "--foreground", "--force", "--key-file="+munge+"/key", "--socket="+munge+"/socket",
		"--pid-file="+munge+"/pid", "--log-file="+munge+"/log", "--seed-file="+munge+"/seed"); err != nil {
		return c, err
	}
	if err := within(ctx, time.Minute, "munged's socket", func() (bool, error) {
		_, err := os.Stat(munge + "/socket")
		return err == nil, nil
	}); err != nil {
		return c, err
	}
	if err := c.daemon("slurmctld", "slurmctld", "-D"); err != nil {
		return c, err
	}
	for _, node := range nodes {
		if err := c.bring(node); err != nil {
			return c, err
		}
	}
	return c, within(ctx, time.Minute, "idle nodes", func() (bool, error) {
		said, err := output("sinfo", "--noheader", "--Node", "--format=%T")
		return err == nil && strings.Count(said, "idle") == len(nodes), nil // The first answers come late.
	})
}

// configure writes what the daemons read, and names it in the environment of this process.
func (c *cluster) configure() error {
	for _, folder := range []string{"munge", "state"} {
		if err := os.Mkdir(filepath.Join(c.dir, folder), 0o700); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Join(c.dir, "munge"), 0o711); err != nil { // As munged wants that of its socket.
		return err
	}
	key := make([]byte, 128)
	rand.Read(key)
	if err := os.WriteFile(filepath.Join(c.dir, "munge", "key"), key, 0o600); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	me, err := user.Current()
	if err != nil {
		return err
	}
	text := strings.NewReplacer("{dir}", c.dir, "{host}", host, "{user}", me.Username).Replace(configuration)
	for i := range len(nodes) + 1 {
		port, err := freePort()
		if err != nil {
			return err
		}
		text = strings.ReplaceAll(text, fmt.Sprintf("{port%d}", i), fmt.Sprint(port))
	}
	path := filepath.Join(c.dir, "slurm.conf")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	return errors.Join(os.Setenv("SLURM_CONF", path), os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin"))
}

// freePort is a port that nobody listens on.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// daemon starts a daemon in the foreground, with a file for what it says beside its own log.
func (c *cluster) daemon(name string, command ...string) error {
	said, err := os.OpenFile(filepath.Join(c.dir, name+".out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer said.Close()
	daemon := exec.Command(command[0], command[1:]...)
	daemon.Stdout, daemon.Stderr = said, said
	daemon.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl+C is the campaign's, which ends it.
	if err := daemon.Start(); err != nil {
		return fmt.Errorf("starting %s (Debian's packages are slurm-wlm and munge): %w", command[0], err)
	}
	c.daemons[name] = daemon
	return nil
}

// bring brings a node up.
func (c *cluster) bring(node string) error { return c.daemon(node, "slurmd", "-D", "-N", node) }

// kill kills a node, as a power cut would: its daemon and all processes of its tasks.
func (c *cluster) kill(node string) error {
	daemon := c.daemons[node]
	delete(c.daemons, node)
	killed, err := processes("SLURMD_NODENAME=" + node)
	if err != nil {
		return err
	}
	steps, err := stepsOf(node)
	if err != nil {
		return err
	}
	if len(killed) == 0 {
		return fmt.Errorf("node %s has no task to be killed", node)
	}
	daemon.Process.Kill()
	for _, pid := range append(steps, killed...) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("killing process %d of node %s: %w", pid, node, err)
		}
	}
	daemon.Wait() // Killed, which is its error.
	return nil
}

// processes are those of this cluster whose environment has a variable.
func processes(variable string) ([]int, error) {
	return matching("environ", func(content []byte) bool {
		all := bytes.Split(content, []byte{0})
		return contains(all, variable) && contains(all, "SLURM_CONF="+os.Getenv("SLURM_CONF"))
	})
}

// stepsOf are the daemons of a node's tasks: slurmd's children, or left by it.
func stepsOf(node string) ([]int, error) {
	said, err := output("squeue", "--noheader", "--array", "--nodelist="+node, "--format=%A")
	if err != nil {
		return nil, err
	}
	var all []int
	for _, job := range strings.Fields(said) {
		steps, err := matching("cmdline", func(content []byte) bool {
			return bytes.HasPrefix(content, []byte("slurmstepd: ["+job+"."))
		})
		if err != nil {
			return nil, err
		}
		all = append(all, steps...)
	}
	return all, nil
}

func contains(words [][]byte, word string) bool {
	for _, w := range words {
		if string(w) == word {
			return true
		}
	}
	return false
}

// matching are the processes whose file in /proc is such.
func matching(file string, is func([]byte) bool) ([]int, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/" + file)
	if err != nil {
		return nil, err
	}
	var found []int
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil || !is(content) { // Ended meanwhile, or another user's.
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(path, "/proc/%d/", &pid); err == nil && pid != os.Getpid() {
			found = append(found, pid)
		}
	}
	return found, nil
}

// stop ends all jobs and daemons.
func (c *cluster) stop() error {
	var failures []error
	if c.daemons["slurmctld"] != nil {
		if me, err := user.Current(); err == nil {
			output("scancel", "--user="+me.Username) // Of a Slurm that does not answer nothing runs on.
			within(context.Background(), 40*time.Second, "the end of all jobs", func() (bool, error) {
				said, err := output("squeue", "--noheader")
				return err != nil || said == "", nil
			})
		}
	}
	for _, name := range append(nodes[:len(nodes):len(nodes)], "slurmctld", "munged") {
		daemon := c.daemons[name]
		if daemon == nil {
			continue
		}
		daemon.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(20*time.Second, func() { daemon.Process.Kill() })
		daemon.Wait()
		late.Stop()
	}
	for _, node := range nodes { // Of tasks that did not end when they were told to.
		left, err := processes("SLURMD_NODENAME=" + node)
		failures = append(failures, err)
		for _, pid := range left {
			failures = append(failures, fmt.Errorf("process %d of node %s was left over, and is killed", pid, node), syscall.Kill(pid, syscall.SIGKILL))
		}
	}
	return errors.Join(failures...)
}

// output is what a command says. The error of one that fails holds its words.
func output(name string, arguments ...string) (string, error) {
	command := exec.Command(name, arguments...)
	var out, said bytes.Buffer
	command.Stdout, command.Stderr = &out, &said
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(command.Args, " "), err, cmp.Or(strings.TrimSpace(said.String()), "no word"))
	}
	return out.String(), nil
}

// within waits until something is so, or returns an error where that takes too long.
func within(ctx context.Context, limit time.Duration, what string, is func() (bool, error)) error {
	for began := time.Now(); time.Since(began) < limit; time.Sleep(100 * time.Millisecond) {
		if so, err := is(); err != nil || so {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("interrupted while waiting for %s", what)
		}
	}
	return fmt.Errorf("waited %v for %s", limit, what)
}
