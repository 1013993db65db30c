//go:build unix

package launch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const golden = `#!/bin/bash
#SBATCH --job-name=methods
#SBATCH --array=0-2%2
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --chdir='/home/ann/my work'
#SBATCH --output='/home/ann/my work/runs/100%%/1/%a.log'
#SBATCH --partition=gpu --gres=gpu:1
# A task is a cell, the lines of cells in turn. Begun again it goes on where it was.
set -eu
cell=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" '/home/ann/my work/runs/100%/1/cells')
: "${cell:?has no line $((SLURM_ARRAY_TASK_ID + 1))}"
echo "$(date '+%F %T') $(hostname), ${SLURMD_NODENAME:-}, restarts ${SLURM_RESTART_COUNT:-0}: $cell"
export SSLKIT_COMMIT=0123456789ab
exec '/home/ann/my work/runs/methods-1f3a' -only=simclr,byol '-data=/home/ann/it'\''s mine' -cell="$cell"
`

func TestScript(t *testing.T) {
	t.Parallel()
	s := script{
		question: "methods", folder: folder{dir: "/home/ann/my work/runs/100%/1", cells: []string{"a", "b", "c"}}, here: "/home/ann/my work",
		program: "/home/ann/my work/runs/methods-1f3a", arguments: []string{"-only=simclr,byol", "-data=/home/ann/it's mine"},
		commit: "0123456789ab", atATime: 2, options: "--partition=gpu --gres=gpu:1",
	}
	if got := s.String(); got != golden {
		t.Errorf("the script is\n%s", got)
	}
}

// TestScriptRunsItsCell: what Slurm would start, started here.
func TestScriptRunsItsCell(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "it's 100% mine")
	if err := os.Mkdir(home, 0o755); err != nil {
		t.Fatal(err)
	}
	g := testGrid(home)
	to, err := g.newFolder(g.Cells)
	if err != nil {
		t.Fatal(err)
	}
	program, err := g.keepProgram()
	if err != nil {
		t.Fatal(err)
	}
	text := script{question: "grid", folder: to, here: home, program: program, commit: "abc"}.String()
	task := exec.Command("bash", "-c", text)
	task.Env = append(os.Environ(), "SLURM_ARRAY_TASK_ID=2", gridVariable+"="+home)
	if said, err := task.CombinedOutput(); err != nil || begun(home, "it's two") != 1 || !strings.Contains(string(said), "restarts 0: it's two") {
		t.Errorf("%v, begun %d times:\n%s", err, begun(home, "it's two"), said)
	}
	task = exec.Command("bash", "-c", text)
	task.Env = append(os.Environ(), "SLURM_ARRAY_TASK_ID=4", gridVariable+"="+home)
	if said, err := task.CombinedOutput(); err == nil || !strings.Contains(string(said), "cell: has no line 5") || begun(home, "one") > 0 {
		t.Errorf("a task without a cell: %v:\n%s", err, said)
	}
	if again, err := g.keepProgram(); err != nil || again != program {
		t.Errorf("the same program is kept at %s and at %s, error %v", program, again, err)
	}
}

// commands puts programs of the shell before all others on the PATH, in the place of Slurm's.
func commands(t *testing.T, folder string, texts map[string]string) *exec.Cmd {
	t.Helper()
	bin := filepath.Join(folder, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range texts {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	command := launcher(folder, "-launcher=slurm", "-sbatch=--partition=gpu")
	command.Env = append(command.Env, "PATH="+bin+":"+os.Getenv("PATH"))
	return command
}

// TestSlurm: what it makes of Slurm's answers.
func TestSlurm(t *testing.T) {
	t.Parallel()
	const config, number = "echo 'MaxArraySize            = 3'\n", `n=$(cat "$0.n" 2>/dev/null || echo 16); n=$((n + 1)); echo $n >"$0.n"; echo $n`
	t.Run("arrays of at most MaxArraySize", func(t *testing.T) {
		t.Parallel()
		home := t.TempDir()
		all := map[string]string{"sbatch": number, "scontrol": config, "squeue": "exit 1"}
		said, err := commands(t, home, all).CombinedOutput()
		if err != nil || !strings.Contains(string(said), "job 17: 3 tasks") || !strings.Contains(string(said), "job 18: 1 tasks") ||
			!strings.Contains(string(said), "scancel 17 18") || !strings.Contains(string(said), "-launcher gather") ||
			!strings.Contains(string(said), "ready: false") {
			t.Fatalf("%v:\n%s", err, said)
		}
		text, err := os.ReadFile(filepath.Join(home, "launch", "2", scriptFile))
		if err != nil || !strings.Contains(string(text), "--array=0-0\n") || !strings.Contains(string(text), "#SBATCH --partition=gpu\n") {
			t.Errorf("error %v, script:\n%s", err, text)
		}
		// One is done, one waits, two have ended without a result: these are submitted again.
		if err := os.WriteFile(filepath.Join(home, "one.done"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		all["squeue"] = "echo '17_2|PENDING|Priority'; echo '4_0|RUNNING|None'"
		said, err = commands(t, home, all).CombinedOutput()
		if err != nil || !strings.Contains(string(said), "of 4 cells 1 are done, 1 queued, 2 are submitted") ||
			!strings.Contains(string(said), "fails has ended") {
			t.Errorf("%v:\n%s", err, said)
		}
		cells, err := os.ReadFile(filepath.Join(home, "launch", "3", cellsFile))
		if err != nil || string(cells) != "fails\nforgets\n" {
			t.Errorf("error %v, submitted again %q", err, cells)
		}
		gathering := commands(t, home, all)
		gathering.Args = []string{gathering.Args[0], "-launcher=gather"}
		said, err = gathering.CombinedOutput()
		if err == nil || !strings.Contains(string(said), "it's two is pending (Priority), job 17_2") ||
			!strings.Contains(string(said), "3 of 4 cells are not done") {
			t.Errorf("%v:\n%s", err, said)
		}
	})
	for name, test := range map[string]struct {
		commands map[string]string
		want     string
	}{
		"refused": {map[string]string{"sbatch": "echo 'sbatch: error: invalid partition specified: gpu' >&2; exit 1", "scontrol": config},
			"invalid partition specified: gpu"},
		"no answer":     {map[string]string{"sbatch": number, "scontrol": "echo 'Unable to contact slurm controller' >&2; exit 1"}, "Unable to contact"},
		"no arrays":     {map[string]string{"sbatch": number, "scontrol": "echo 'MaxArraySize = 0'"}, "no array jobs"},
		"nothing known": {map[string]string{"sbatch": number, "scontrol": "true"}, "tells no MaxArraySize"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			said, err := commands(t, home, test.commands).CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(said), test.want) {
				t.Errorf("%v, want %q:\n%s", err, test.want, said)
			}
			said, err = launcher(home, "-launcher=gather").CombinedOutput()
			if err == nil || strings.Count(string(said), "was not begun") != 4 {
				t.Errorf("of what Slurm did not take, gather says:\n%s", said)
			}
		})
	}
	t.Run("waited for", func(t *testing.T) {
		t.Parallel()
		command := commands(t, t.TempDir(), map[string]string{"sbatch": number + "; exit 1", "scontrol": config, "squeue": "true"})
		command.Args[len(command.Args)-1] = "-sbatch=--wait"
		if said, err := command.CombinedOutput(); err == nil || !strings.Contains(string(said), "4 of 4 cells are not done") {
			t.Errorf("%v:\n%s", err, said)
		}
	})
	t.Run("no sbatch", func(t *testing.T) {
		t.Parallel()
		command := launcher(t.TempDir(), "-launcher=slurm")
		command.Env = append(command.Env, "PATH="+t.TempDir())
		if said, err := command.CombinedOutput(); err == nil || !strings.Contains(string(said), "there is no sbatch on PATH") {
			t.Errorf("%v:\n%s", err, said)
		}
	})
}

func TestOptionsOfTheLauncherAreRefused(t *testing.T) {
	t.Parallel()
	for options, want := range map[string]string{
		"--partition=gpu --gres=gpu:1": "<nil>", "--array=0-3": "--array is the launcher's own", "-o x": "-o is the launcher's own",
		"--time=1\nrm": "one line",
	} {
		if err := checkOptions(options); !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%q: error %v, want %q", options, err, want)
		}
	}
}

// TestSlurmTakesTheScript where there is one that answers.
func TestSlurmTakesTheScript(t *testing.T) {
	if _, err := output("scontrol", "ping"); err != nil {
		t.Skip("no Slurm answers here:", err)
	}
	size, err := maxArraySize()
	if err != nil {
		t.Fatal(err)
	}
	g := testGrid(t.TempDir())
	to, err := g.newFolder(g.Cells[:min(len(g.Cells), size)])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(to.dir, scriptFile)
	if err := os.WriteFile(path, []byte(script{question: "grid", folder: to, here: to.dir, program: "/bin/true", atATime: 2}.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := output("sbatch", "--test-only", path); err != nil {
		t.Error(err)
	}
}

func TestQueue(t *testing.T) {
	t.Parallel()
	got := parseQueue("17_2|PENDING|Priority\n17_3|RUNNING|None\n18_N/A|RUNNING|None\n\n")
	if len(got) != 3 || got["17_2"] != "pending (Priority)" || got["17_3"] != "running" {
		t.Errorf("%v", got)
	}
}
