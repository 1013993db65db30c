package launch

import (
	"fmt"
	"strings"

	"sslkit/kit/rundir"
)

// script is a job script of Slurm.
type script struct {
	question  string
	folder    folder
	here      string // The working directory.
	program   string
	arguments []string
	commit    string
	atATime   int    // The most tasks at a time; 0 is all.
	options   string // The user's, of sbatch.
}

// String is the text. The program takes the place of the shell, so that the SIGTERM by which Slurm
// announces a preemption, a requeue, a cancellation or the end of the time reaches it.
func (s script) String() string {
	array := fmt.Sprintf("0-%d", len(s.folder.cells)-1)
	if s.atATime > 0 {
		array += fmt.Sprintf("%%%d", s.atATime)
	}
	log := strings.ReplaceAll(s.folder.dir, "%", "%%") + "/%a.log"
	var text strings.Builder
	fmt.Fprintf(&text, "#!/bin/bash\n#SBATCH --job-name=%s\n#SBATCH --array=%s\n#SBATCH --requeue\n#SBATCH --open-mode=append\n"+
		"#SBATCH --chdir=%s\n#SBATCH --output=%s\n", s.question, array, quoted(s.here), quoted(log))
	if s.options != "" {
		fmt.Fprintf(&text, "#SBATCH %s\n", s.options)
	}
	fmt.Fprintf(&text, "# A task is a cell, the lines of %s in turn. Begun again it goes on where it was.\nset -eu\n", cellsFile)
	fmt.Fprintf(&text, "cell=$(sed -n \"$((SLURM_ARRAY_TASK_ID + 1))p\" %s)\n", quoted(s.folder.dir+"/"+cellsFile))
	fmt.Fprintf(&text, ": \"${cell:?has no line $((SLURM_ARRAY_TASK_ID + 1))}\"\n") // Without a name, the program would run all.
	fmt.Fprintf(&text, "echo \"$(date '+%%F %%T') $(hostname), ${SLURMD_NODENAME:-}, restarts ${SLURM_RESTART_COUNT:-0}: $cell\"\n")
	fmt.Fprintf(&text, "export %s=%s\n", rundir.CommitVariable, quoted(s.commit))
	fmt.Fprintf(&text, "exec %s", quoted(s.program))
	for _, a := range s.arguments {
		fmt.Fprintf(&text, " %s", quoted(a))
	}
	fmt.Fprintf(&text, " -cell=\"$cell\"\n")
	return text.String()
}

// quoted is a word of the shell.
func quoted(word string) string {
	plain := strings.IndexFunc(word, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+./,:@%", r)
	}) < 0
	if plain && word != "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
