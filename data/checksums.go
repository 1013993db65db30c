package data

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sslkit/kit/wholefile"
)

// sumsFile holds the SHA-256 of the files beside it, in the format of coreutils'
// sha256sum, which can check it too.
const sumsFile = "SHA256SUMS"

// errDamagedFile is wrapped by the error of a file that has changed since it was
// put into the cache.
var errDamagedFile = errors.New("is damaged")

// checkSum returns an error, which wraps errDamagedFile, if a file doesn't have
// that SHA-256, in hex.
func checkSum(path, want string) error {
	got, err := wholefile.SHA256(path)
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("%s %w: it has SHA-256 %s, not %s", path, errDamagedFile, got, want)
	}
	return nil
}

// checkSums checks the files of a folder by its sumsFile, which must name them
// all.
func checkSums(folder string, names []string) error {
	text, err := os.ReadFile(filepath.Join(folder, sumsFile))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s %w: it holds no %s", folder, errDamagedFile, sumsFile)
	}
	if err != nil {
		return err
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		sums[name] = sum
	}
	for _, name := range names {
		err := checkSum(filepath.Join(folder, name), sums[name])
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s %w: it holds no %s", folder, errDamagedFile, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
