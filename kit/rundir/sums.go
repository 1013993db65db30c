package rundir

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/kit/wholefile"
)

// SumsFile holds the SHA-256 of the other files of a folder in the format of coreutils, so that
// `sha256sum -c SHA256SUMS` says the same as this package. That of another program, beside weights
// that are read, may mark its files as binary ("*").
const SumsFile = "SHA256SUMS"

// ErrDamaged is wrapped by the error of reading what is not as it was written.
var ErrDamaged = errors.New("damaged")

// sums are SHA-256 in hex by the path of a file, relative to the folder they are kept in and with
// slashes.
type sums map[string]string

// readSums reads those of a folder. The error wraps os.ErrNotExist where there are none.
func readSums(folder string) (sums, error) {
	path := filepath.Join(folder, SumsFile)
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the sums of %s: %w", folder, err)
	}
	found := sums{}
	for lines := bufio.NewScanner(bytes.NewReader(content)); lines.Scan(); {
		sum, name, ok := strings.Cut(lines.Text(), " ")
		name, binary := strings.CutPrefix(name, "*")
		name, text := strings.CutPrefix(name, " ")
		ok = ok && binary != text
		if raw, err := hex.DecodeString(sum); !ok || err != nil || len(raw) != sha256.Size || !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s is %w: line %d is %q", path, ErrDamaged, len(found)+1, lines.Text())
		}
		found[name] = sum
	}
	if len(found) == 0 || !bytes.HasSuffix(content, []byte("\n")) {
		return nil, fmt.Errorf("%s is %w: it is cut short", path, ErrDamaged)
	}
	return found, nil
}

// write writes them to a folder.
func (s sums) write(folder string) error {
	var content bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(s)) {
		fmt.Fprintf(&content, "%s  %s\n", s[name], name)
	}
	return wholefile.WriteBytes(filepath.Join(folder, SumsFile), content.Bytes())
}

// sumOfBytes is the sum of a content.
func sumOfBytes(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// check returns an error that names the first file of the folder that is missing, or that is not as
// it was when its sum was taken.
func (s sums) check(folder string) error {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		sum, err := wholefile.SHA256(filepath.Join(folder, name))
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%w: %s is missing", ErrDamaged, filepath.Join(folder, name))
		}
		if err != nil {
			return fmt.Errorf("checking %s: %w", folder, err)
		}
		if err := s.match(folder, name, sum); err != nil {
			return err
		}
	}
	return nil
}

// match returns an error unless a file that has a sum has this one.
func (s sums) match(folder, name, sum string) error {
	if want, ok := s[name]; ok && want != sum {
		return fmt.Errorf("%s is %w: its SHA-256 is %.12s, and when it was written it was %.12s (%s)",
			filepath.Join(folder, name), ErrDamaged, sum, want, filepath.Join(folder, SumsFile))
	}
	return nil
}
