package hub

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"sslkit/kit/wholefile"
)

// Origin is where on the hub a file of weights is from.
type Origin struct {
	Repo   string `json:"repo"`
	Commit string `json:"commit"`
	File   string `json:"file"`
	// SHA256 is that of the content of the file, in hex: as the hub has it of large files, unless the
	// cache was changed.
	SHA256 string `json:"sha256"`
}

// String is "model.safetensors of timm/resnet50.a1_in1k at 767268603ca0".
func (o Origin) String() string { return fmt.Sprintf("%s of %s at %.12s", o.File, o.Repo, o.Commit) }

// OriginOf is where a file is from by its place in the hub's cache, whoever has downloaded it there.
// Known is false where the path is none of a snapshot in such a cache. It is an error where the file
// can't be read.
func OriginOf(path string) (o Origin, known bool, err error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return Origin{}, false, err
	}
	parts := strings.Split(filepath.ToSlash(whole), "/")
	for i := len(parts) - 1; i >= 3; i-- {
		name, ours := strings.CutPrefix(parts[i-2], folderPrefix)
		if !ours || parts[i-1] != snapshots || !commitHash.MatchString(parts[i]) || slices.Contains(parts[i:], "") {
			continue
		}
		o = Origin{Repo: strings.Replace(name, slash, "/", 1), Commit: parts[i], File: strings.Join(parts[i+1:], "/")}
		if o.File == "" {
			return Origin{}, false, nil
		}
		if o.SHA256, err = wholefile.SHA256(whole); err != nil {
			return Origin{}, false, fmt.Errorf("reading what %s is: %w", o, err)
		}
		return o, true, nil
	}
	return Origin{}, false, nil
}
