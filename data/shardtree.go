package data

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// shardTree is the shards of a source as an archive.
type shardTree struct {
	folder  string
	format  shardFormat
	shards  [3][]string              // by split: paths in the folder, sorted
	samples map[string][]shardSample // of the shards that were looked through: the index
	ignored Listed
}

// path is where a shard is on disk.
func (t *shardTree) path(shard string) string {
	return filepath.Join(t.folder, filepath.FromSlash(shard))
}

// bySplitNames takes all shards of the folder, at any depth, into the splits that words of their names
// say; where none does, all are training shards.
func (t *shardTree) bySplitNames() error {
	var all []string
	err := fs.WalkDir(os.DirFS(t.folder), ".", func(p string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if p != "." && hiddenName(entry.Name()) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.IsDir() && t.isShard(p) {
			all = append(all, p)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("there is no %s file in it", strings.Join(t.format.endings(), " or "))
	}
	slices.Sort(all)
	besideTest := slices.ContainsFunc(all, func(p string) bool { s, ok := splitOfShard(p, true); return ok && s == Test })
	named := slices.ContainsFunc(all, func(p string) bool { _, ok := splitOfShard(p, besideTest); return ok })
	for _, p := range all {
		split, ok := splitOfShard(p, besideTest)
		if named && !ok {
			t.ignored.add(p, "its name tells no split, and those of other shards do")
			continue
		}
		if !named {
			split = Train
		}
		t.shards[split] = append(t.shards[split], p)
	}
	return nil
}

func (t *shardTree) isShard(p string) bool {
	return slices.ContainsFunc(t.format.endings(), func(ending string) bool { return strings.HasSuffix(strings.ToLower(p), ending) })
}

// splitOfShard is the split that a word of a shard's name means: the last that means one, of the name
// of the file before those of its folders.
func splitOfShard(p string, besideTest bool) (Split, bool) {
	for _, part := range []string{path.Base(p), path.Dir(p)} {
		words := strings.FieldsFunc(part, func(r rune) bool { return !unicode.IsLetter(r) })
		for _, word := range slices.Backward(words) {
			if split, ok := splitOf(word, besideTest); ok {
				return split, true
			}
		}
	}
	return Train, false
}

// matching are the shards that a pattern names: {000..012} and {a,b} are each of these, of which none may
// be missing; *, ? and [a-z] are as in a shell.
func (t *shardTree) matching(pattern string) ([]string, error) {
	names, err := expandBraces(pattern)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, name := range names {
		matches, err := fs.Glob(os.DirFS(t.folder), path.Clean(name))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if len(matches) == 0 {
			return nil, fmt.Errorf("there is no shard %s", name)
		}
		found = append(found, matches...)
	}
	return found, nil
}

// maxShards bounds how many shards braces may name.
const maxShards = 100_000

// expandBraces writes a pattern out for each of the words and numbers that it has in braces.
func expandBraces(pattern string) ([]string, error) {
	before, rest, ok := strings.Cut(pattern, "{")
	if !ok {
		return []string{pattern}, nil
	}
	inside, after, ok := strings.Cut(rest, "}")
	if !ok {
		return nil, errors.New("a brace is not closed")
	}
	words := strings.Split(inside, ",")
	if first, last, ok := strings.Cut(inside, ".."); ok {
		low, errLow := strconv.ParseUint(first, 10, 31)
		high, errHigh := strconv.ParseUint(last, 10, 31)
		if errLow != nil || errHigh != nil || high < low || high-low >= maxShards {
			return nil, fmt.Errorf("{%s} must be two numbers, such as {000..146}, of at most %d shards", inside, maxShards)
		}
		width := 0
		for _, end := range []string{first, last} { // As in Bash, all are as wide as the wider end.
			if len(end) > 1 && end[0] == '0' {
				width = max(len(first), len(last))
			}
		}
		words = nil
		for n := low; n <= high; n++ {
			words = append(words, fmt.Sprintf("%0*d", width, n))
		}
	}
	behind, err := expandBraces(after)
	if err != nil {
		return nil, err
	}
	if len(words)*len(behind) > maxShards {
		return nil, fmt.Errorf("it names more than %d shards", maxShards)
	}
	var all []string
	for _, word := range words {
		for _, end := range behind {
			all = append(all, before+word+end)
		}
	}
	return all, nil
}

// each calls do for the samples of a split's shards, in order. A shard is looked through once.
func (t *shardTree) each(split Split, do func(shard string, s shardSample) error) error {
	bar := newProgress(os.Stderr, "looking through "+t.folder, int64(len(t.shards[split])), "shards", time.Second)
	defer bar.end()
	for _, shard := range t.shards[split] {
		bar.add(1)
		samples, ok := t.samples[shard]
		if !ok {
			var err error
			if samples, err = t.format.samples(t.path(shard)); err != nil {
				return fmt.Errorf("%s: %w", shard, err)
			}
			t.samples[shard] = samples
		}
		for _, sample := range samples {
			if err := do(shard, sample); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *shardTree) list() ([]entry, error) { return nil, nil } // The layout asks each.

func (t *shardTree) visit(wanted func(string) bool, read fileReader, do func(string, func() ([]byte, error)) error) error {
	for _, shards := range t.shards {
		for _, shard := range shards {
			var samples []shardSample
			for _, sample := range t.samples[shard] {
				if wanted(shard + "/" + sample.name) {
					samples = append(samples, sample)
				}
			}
			if len(samples) == 0 {
				continue
			}
			err := t.format.visit(t.path(shard), samples, func(s shardSample, content io.Reader, size uint64, full error) error {
				if full != nil {
					return do(shard+"/"+s.name, func() ([]byte, error) { return nil, full })
				}
				bytes, err := read(content, size)
				if err != nil && err != errTooLong {
					return fmt.Errorf("it is damaged, in %s: %w", s.name, err)
				}
				return do(shard+"/"+s.name, func() ([]byte, error) { return bytes, err })
			})
			if err == errStop {
				return err
			}
			if err != nil {
				return fmt.Errorf("%s: %w", shard, err)
			}
		}
	}
	return nil
}

// stamp hashes the names, sizes and times of the shards.
func (t *shardTree) stamp() (string, error) {
	h := sha256.New()
	for split, shards := range t.shards {
		for _, shard := range shards {
			info, err := os.Stat(t.path(shard))
			if err != nil {
				return "", err
			}
			fmt.Fprintf(h, "%d %q %d %d\n", split, shard, info.Size(), info.ModTime().UnixNano())
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (t *shardTree) close() error { return nil }
