package kit

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/kit/rundir"
	"sslkit/kit/track"
)

// Track shows the run as far as it came in tools such as TensorBoard, wherever it was trained:
//
//	err := run.Track(track.TensorBoard{Dir: "tensorboard"}, track.MLflow{URL: "http://localhost:5000"})
//
// A tool that shows a part of it already is given the rest. Recipe.Track shows a training while it
// goes on.
func (r *Run) Track(trackers ...track.Tracker) error {
	shown, err := r.shown()
	if err != nil {
		return err
	}
	if shown.Metrics, err = r.Metrics(); err != nil {
		return err
	}
	end := track.Interrupted
	if stopped, err := rundir.Dir(r.Dir).Stopped(); err != nil {
		return err
	} else if stopped != nil && !stopped.Interrupted {
		end = track.Failed
	}
	if r.Finished() {
		end = track.Finished
	}
	for _, tracker := range trackers {
		if err := track.Send(tracker, shown, end); err != nil {
			return err
		}
	}
	return nil
}

// shown is what trackers are told of the run, without its metrics.
func (r *Run) shown() (track.Run, error) {
	fail := func(err error) (track.Run, error) {
		return track.Run{}, fmt.Errorf("describing the run in %s: %w", r.Dir, err)
	}
	dir := rundir.Dir(r.Dir)
	recipe, err := dir.Read(rundir.RecipeFile)
	if err != nil {
		return fail(err)
	}
	settings, err := settingsOf(recipe)
	if err != nil {
		return fail(err)
	}
	environment, err := dir.Environment()
	if err != nil {
		return fail(err)
	}
	absolute, err := filepath.Abs(r.Dir) // The name of "." is that of the folder.
	if err != nil {
		return fail(err)
	}
	shown := track.Run{Name: filepath.Base(absolute), Dir: dir, Recipe: recipe, Began: environment.Began}
	for _, path := range slices.Sorted(maps.Keys(settings)) {
		shown.Settings = append(shown.Settings, track.Setting{Path: path, Value: strings.Trim(settings[path].value, `"`)})
	}
	return shown, nil
}
