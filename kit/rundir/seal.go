package rundir

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"sslkit/kit/wholefile"
)

// SumsSince is the format of recipe.json from which on a run directory holds sums. Finished runs
// from before are read without being verified.
const SumsSince = 3

// Finished tells whether the run has trained to its end. Whether all of it is still there as it was
// written is Check's to say.
func (d Dir) Finished() bool {
	if written, err := readSums(string(d)); err == nil {
		return written[EncoderFile] != ""
	}
	return Exists(d.Path(EncoderFile))
}

// Check returns an error that names the file where a part of the run, one that has at least a
// checkpoint, is missing or is not as it was written.
func (d Dir) Check() error {
	verifiable, err := d.Verifiable()
	if err != nil || !verifiable {
		return err
	}
	written, err := readSums(string(d))
	if err != nil {
		return err
	}
	parts := []string{RecipeFile, EnvironmentFile, InitialFile}
	if written[EncoderFile] != "" {
		if written.checkpoint() == "" {
			return fmt.Errorf("%s is %w: it names no checkpoint", d.Path(SumsFile), ErrDamaged)
		}
		parts = append(parts, MetricsFile)
	}
	for _, name := range parts {
		if written[name] == "" {
			return fmt.Errorf("%s is %w: it does not tell the sum of %s", d.Path(SumsFile), ErrDamaged, name)
		}
	}
	if err := written.check(string(d)); err != nil {
		return err
	}
	if given := written.checkpoint(); given != "" {
		return checkCheckpoint(d.Path(given))
	}
	return nil
}

// checkpoint is the folder of the checkpoint that the run gives, in a finished one, else "".
func (s sums) checkpoint() string {
	for name := range s {
		if folder := path.Dir(name); path.Dir(folder) == checkpointDir && path.Base(name) == SumsFile {
			return folder
		}
	}
	return ""
}

// Verifiable tells whether the directory holds sums; that of a finished run from before SumsSince
// does not. It is an error where it holds none although its recipe.json is of a format that goes
// with sums, or is missing.
func (d Dir) Verifiable() (bool, error) {
	if Exists(d.Path(SumsFile)) {
		return true, nil
	}
	missing := fmt.Errorf("%w: %s is missing", ErrDamaged, d.Path(SumsFile))
	content, err := os.ReadFile(d.Path(RecipeFile))
	if errors.Is(err, os.ErrNotExist) {
		return false, fmt.Errorf("%w: %s is missing", ErrDamaged, d.Path(RecipeFile))
	}
	if err != nil {
		return false, err
	}
	var recipe struct{ Format int }
	if err := json.Unmarshal(content, &recipe); err != nil {
		return false, fmt.Errorf("reading %s: %w", d.Path(RecipeFile), err)
	}
	if recipe.Format >= SumsSince {
		return false, missing
	}
	return false, nil
}

// Read reads a file of the run and verifies it, where the directory holds sums.
func (d Dir) Read(name string) ([]byte, error) {
	written, err := readSums(string(d))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	content, err := os.ReadFile(d.Path(name))
	if err != nil {
		return nil, err
	}
	return content, written.match(string(d), name, sumOfBytes(content))
}

// Begin writes the sums of a run that has nothing but what it is to do and where. What was sealed
// before is forgotten, and so are the heads of a run before, which nothing tells from this one's. It
// is an error where a trained encoder is there, which nobody but the user may give up.
func (d Dir) Begin() error {
	if path := d.Path(EncoderFile); Exists(path) {
		return fmt.Errorf("%s is there, and neither %s tells of it nor is there a checkpoint to go on from: move it, or remove %s",
			path, SumsFile, d)
	}
	if err := d.addSums(sums{}, RecipeFile, EnvironmentFile); err != nil {
		return err
	}
	for _, name := range []string{HeadFile, TeacherHeadFile, AverageHeadFile} {
		if err := os.Remove(d.Path(name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing what another run left: %w", err)
		}
	}
	return nil
}

// rewrite writes a JSON file whose sum may be kept. That is forgotten first: whoever is killed
// between the two leaves a file without a sum, and not one that seems damaged.
func (d Dir) rewrite(name string, value any) error {
	if err := d.forget(name); err != nil {
		return err
	}
	return WriteJSON(d.Path(name), value)
}

// forget forgets the sums of files, where any are kept.
func (d Dir) forget(names ...string) error {
	written, err := readSums(string(d))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before := len(written)
	for _, name := range names {
		delete(written, name)
	}
	if len(written) == before {
		return nil
	}
	return written.write(string(d))
}

// Seal keeps the sums of files as they are now. They must be durable.
func (d Dir) Seal(names ...string) error {
	written, err := readSums(string(d))
	if err != nil {
		return err
	}
	return d.addSums(written, names...)
}

func (d Dir) addSums(to sums, names ...string) error {
	for _, name := range names {
		sum, err := wholefile.SHA256(d.Path(name))
		if err != nil {
			return fmt.Errorf("sealing %s: %w", d, err)
		}
		to[name] = sum
	}
	return to.write(string(d))
}

// Finish seals a run that has trained to its end and whose encoder is written, with the other files
// that hold the encoder.
func (d Dir) Finish(others ...string) error {
	kept, err := d.keptCheckpoint()
	if err != nil {
		return err
	}
	inside, err := filepath.Rel(string(d), kept)
	if err != nil {
		return err
	}
	if err := errors.Join(syncFile(d.Path(MetricsFile)), wholefile.Sync(string(d))); err != nil {
		return err
	}
	return d.Seal(append(others, MetricsFile, EncoderFile, filepath.ToSlash(filepath.Join(inside, SumsFile)))...)
}
