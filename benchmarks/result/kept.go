package result

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// Kept is what an earlier call measured and kept at path. Where there is nothing, measure is asked,
// and its answer kept.
func Kept[T any](path string, measure func() (T, error)) (T, error) {
	measured, err := ReadKept[T](path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return measured, err
	}
	if measured, err = measure(); err != nil {
		return measured, err
	}
	if err := os.MkdirAll(filepath.Dir(path), wholefile.FolderPerms); err != nil {
		return measured, fmt.Errorf("keeping a measurement: %w", err)
	}
	if err := rundir.WriteJSON(path, measured); err != nil {
		return measured, fmt.Errorf("keeping a measurement: %w", err)
	}
	return measured, nil
}

// ReadKept is what Kept has kept at path. The error is of fs.ErrNotExist where there is nothing, and
// of rundir.ErrDamaged where it has changed since.
func ReadKept[T any](path string) (measured T, err error) {
	if err := rundir.ReadJSON(path, &measured); err != nil {
		return measured, fmt.Errorf("reading a measurement: %w", err)
	}
	return measured, nil
}
