package kit

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sslkit/data"
	"sslkit/kit/eval"
	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// damages are what a disk, a crash or a hand do to a file.
var damages = map[string]func(content []byte) []byte{
	"flipped": func(c []byte) []byte {
		c = bytes.Clone(c)
		c[len(c)/2] ^= 4
		return c
	},
	"cut":     func(c []byte) []byte { return c[:len(c)/2] },
	"zeroed":  func(c []byte) []byte { return make([]byte, len(c)) },
	"removed": nil,
}

func damage(t *testing.T, path, how string) {
	t.Helper()
	if damages[how] == nil {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, damages[how](before), 0o644); err != nil {
		t.Fatal(err)
	}
}

// filesOf are the files of a run that are written by its training, by their paths in its directory.
func filesOf(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && entry.Name() != "lock" {
			inside, _ := filepath.Rel(dir, path)
			files = append(files, inside)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// copied is a copy of a run's directory.
func copied(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "run")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// TestDamagedPartOfAFinishedRunIsNamed damages every file of a finished run: loading it is an error
// that names the file, but for the checkpoint that the run does not give.
func TestDamagedPartOfAFinishedRunIsNamed(t *testing.T) {
	run := finished(t)
	kept := ""
	for _, name := range filesOf(t, run.Dir) {
		if strings.HasPrefix(name, "checkpoint") {
			kept = max(kept, filepath.Dir(name))
		}
	}
	for _, name := range filesOf(t, run.Dir) {
		for how := range damages {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				dir := copied(t, run.Dir)
				damage(t, filepath.Join(dir, name), how)
				_, err := Pretrain(dir, small())
				if strings.HasPrefix(name, "checkpoint") && !strings.HasPrefix(name, kept) {
					if err != nil {
						t.Errorf("a checkpoint that is not used: %v", err)
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "panic") {
					t.Errorf("error %v", err)
				}
			})
		}
	}
}

// TestDamagedWeightsBesideTheStudentsAreNamed: so are the teacher's and the running mean, where the run
// is loaded and where features are by them.
func TestDamagedWeightsBesideTheStudentsAreNamed(t *testing.T) {
	whole := pretrained(t, t.TempDir(), withAllWeights())
	for w, name := range map[Weights]string{Teacher: rundir.TeacherFile, Average: rundir.AverageFile} {
		for how := range damages {
			t.Run(name+" "+how, func(t *testing.T) {
				dir := copied(t, whole.Dir)
				damage(t, filepath.Join(dir, name), how)
				if _, err := Pretrain(dir, withAllWeights()); err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("loading the run: error %v", err)
				}
				run := *whole
				run.Dir = dir
				if _, err := run.By(w).Features(data.Test); err == nil || !strings.Contains(err.Error(), name) {
					t.Errorf("features: error %v", err)
				}
				if _, err := run.By(Student).Features(data.Test); err != nil {
					t.Errorf("features by the student: %v", err)
				}
			})
		}
	}
}

// TestDamagedLastCheckpointIsPassedOver damages every file of the last checkpoint of an interrupted
// run: it goes on at the one before, to the same bits, and says so.
func TestDamagedLastCheckpointIsPassedOver(t *testing.T) {
	run := finished(t)
	want := content(t, run.Dir, rundir.EncoderFile)
	if err := os.Remove(filepath.Join(run.Dir, rundir.EncoderFile)); err != nil {
		t.Fatal(err)
	}
	unfinish(t, run.Dir)
	for _, name := range filesOf(t, run.Dir) {
		if !strings.Contains(name, "step-000000012") {
			continue
		}
		for how := range damages {
			t.Run(name+" "+how, func(t *testing.T) {
				dir := copied(t, run.Dir)
				damage(t, filepath.Join(dir, name), how)
				said := printed(t, func() { pretrained(t, dir, small()) })
				if !strings.Contains(said, "passed over the checkpoint of step 12") || !strings.Contains(said, "resumed after step 9") {
					t.Errorf("said %q", said)
				}
				if !bytes.Equal(content(t, dir, rundir.EncoderFile), want) {
					t.Error("the encoder differs from the unbroken run's")
				}
			})
		}
	}
	t.Run("metrics", func(t *testing.T) { // Without those of step 11, step 12 can't be gone on from.
		dir := copied(t, run.Dir)
		path := filepath.Join(dir, rundir.MetricsFile)
		lines := bytes.SplitAfter(content(t, dir, rundir.MetricsFile), []byte("\n"))
		if err := os.WriteFile(path, bytes.Join(slices.Delete(lines, 11, 12), nil), 0o644); err != nil {
			t.Fatal(err)
		}
		said := printed(t, func() { pretrained(t, dir, small()) })
		if !strings.Contains(said, "steps 11 to 11 are missing") || !strings.Contains(said, "resumed after step 9") {
			t.Errorf("said %q", said)
		}
		if metrics, err := rundir.Dir(dir).Metrics(); err != nil || len(metrics) != 13 {
			t.Errorf("%d lines of metrics, %v", len(metrics), err)
		}
	})
	t.Run("all checkpoints", func(t *testing.T) {
		dir := copied(t, run.Dir)
		for _, name := range filesOf(t, dir) {
			if strings.HasSuffix(name, ".bin") {
				damage(t, filepath.Join(dir, name), "flipped")
			}
		}
		_, err := Pretrain(dir, small())
		for _, want := range []string{"step 12", "step 9", "damaged", "remove it to begin anew"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want %q", err, want)
			}
		}
	})
}

func TestDamagedFeaturesAreComputedAnew(t *testing.T) {
	run := finished(t)
	want, err := run.Features(data.Test)
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(run.Dir, rundir.FeaturesDir, "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	for how := range damages {
		damage(t, files[0], how)
		var again eval.Features
		said := printed(t, func() { again, err = run.Features(data.Test) })
		if err != nil || !slices.Equal(again.X, want.X) {
			t.Errorf("%s: %v, or other features", how, err)
		}
		if damages[how] != nil && !strings.Contains(said, "anew") {
			t.Errorf("%s: said %q", how, said)
		}
	}
}

// TestFeaturesThatCannotBeKept: evaluating needs no place to write.
func TestFeaturesThatCannotBeKept(t *testing.T) {
	run := finished(t)
	// A file in the place of the folder fails every write, also root's.
	if err := os.WriteFile(filepath.Join(run.Dir, rundir.FeaturesDir), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var features eval.Features
	var err error
	said := printed(t, func() { features, err = run.Features(data.Test) })
	if err != nil || features.N != 32 || !strings.Contains(said, "not kept") {
		t.Errorf("%v, %d images, said %q", err, features.N, said)
	}
}

// TestRunDirectoryRemovedWhileItTrains ends the training at the next step.
func TestRunDirectoryRemovedWhileItTrains(t *testing.T) {
	recipe := small()
	recipe.Encoder, recipe.Steps = tiny, 5000
	dir := filepath.Join(t.TempDir(), "run")
	ended := make(chan error)
	go func() {
		_, err := Pretrain(dir, recipe)
		ended <- err
	}()
	for bytes.Count(metricsSoFar(dir), []byte("\n")) < 4 {
	}
	os.RemoveAll(dir) // May leave what is being written.
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "removed or replaced") {
		t.Errorf("ended with %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, rundir.EncoderFile)); err == nil {
		t.Error("the run was finished in a directory that came back")
	}
}

// TestOtherConditions resumes a run that has begun on other cores.
func TestOtherConditions(t *testing.T) {
	run := finished(t)
	loseLastCheckpoint(t, run.Dir)
	began, err := rundir.Dir(run.Dir).Environment()
	if err != nil {
		t.Fatal(err)
	}
	began.Machine.Cores += 3
	began.XLAFlags = "--xla_cpu_multi_thread_eigen=false"
	if err := rundir.WriteJSON(filepath.Join(run.Dir, rundir.EnvironmentFile), began); err != nil {
		t.Fatal(err)
	}
	unfinish(t, run.Dir)
	_, err = Pretrain(run.Dir, small())
	for _, want := range []string{"cores", "XLA_FLAGS", "Recipe.ResumeElsewhere"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	accepts := small()
	accepts.ResumeElsewhere = true
	said := printed(t, func() { pretrained(t, run.Dir, accepts) })
	if !strings.Contains(said, "other conditions") {
		t.Errorf("said %q", said)
	}
	resumed, err := rundir.Dir(run.Dir).ResumedUnder()
	if err != nil || len(resumed) != 1 || resumed[0].Step != 9 {
		t.Errorf("resumed under %+v, %v", resumed, err)
	}
	pretrained(t, run.Dir, small()) // Finished, so that nothing more can differ.
}

// TestEverythingInARunHasTheSamePermissions: whoever may read one file of it may read all.
func TestEverythingInARunHasTheSamePermissions(t *testing.T) {
	run := finished(t)
	trained, err := smallRun()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run.Features(data.Test); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{trained, run.Dir} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			info, err := entry.Info()
			want := fs.FileMode(wholefile.FilePerms)
			if entry.IsDir() {
				want = wholefile.FolderPerms
			}
			if got := info.Mode().Perm(); got|0o22 != want|0o22 { // Whatever the umask takes from group and others.
				t.Errorf("%s: %v, want %v", path, got, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestFinishedRunOfAnEarlierVersion has no sums and another format: it is loaded, and what is not
// verified is said. Without sums, one of this version is damaged.
func TestFinishedRunOfAnEarlierVersion(t *testing.T) {
	run := finished(t)
	if err := os.Remove(filepath.Join(run.Dir, rundir.SumsFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Pretrain(run.Dir, small()); err == nil || !strings.Contains(err.Error(), rundir.SumsFile) {
		t.Errorf("without sums: %v", err)
	}
	recipe := bytes.Replace(content(t, run.Dir, rundir.RecipeFile), []byte(`"Format": 3`), []byte(`"Format": 2`), 1)
	if err := os.WriteFile(filepath.Join(run.Dir, rundir.RecipeFile), recipe, 0o644); err != nil {
		t.Fatal(err)
	}
	said := printed(t, func() { pretrained(t, run.Dir, small()) })
	if !strings.Contains(said, "not verified") {
		t.Errorf("said %q", said)
	}
	if features, err := run.Features(data.Test); err != nil || features.N != 32 {
		t.Errorf("%d features, %v", features.N, err)
	}
}
