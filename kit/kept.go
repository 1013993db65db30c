package kit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"sslkit/kit/rundir"
	"sslkit/kit/wholefile"
)

// Kept is what compute gives, computed once and kept as JSON in a file, whose folder is made where it
// is missing: run again, a notebook's cell has at once what takes minutes, and test images are read
// once. It is keyed by the path alone, so the path must tell what compute depends on.
//
//	result, err := kit.Kept("runs/measured/seed-1.json", func() (detect.Result, error) { return detector.Evaluate(data.Test) })
//
// Errors: those of compute, and a file that can't be read as T, or written.
func Kept[T any](path string, compute func() (T, error)) (T, error) {
	var value T
	content, err := os.ReadFile(path)
	if err == nil {
		if err := json.Unmarshal(content, &value); err != nil {
			return value, fmt.Errorf("what was kept in %s: %w", path, err)
		}
		return value, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return value, fmt.Errorf("what was kept: %w", err)
	}
	if value, err = compute(); err != nil {
		return value, err
	}
	if err := os.MkdirAll(filepath.Dir(path), wholefile.FolderPerms); err != nil {
		return value, fmt.Errorf("keeping %s: %w", path, err)
	}
	return value, rundir.WriteJSON(path, value)
}
