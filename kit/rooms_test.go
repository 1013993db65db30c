package kit

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms are the packages of the module, each above those that it may import. What is not among them
// (benchmarks, notebooks) stands above all.
var rooms = []string{
	"plots", "kit/setting", "kit/setting/settingtest", "kit/wholefile", "data", "data/datatest", "kit/hub", "kit/interrupt", "kit/must",
	"kit/metric", "kit/device", "kit/device/devicetest", "kit/augment", "kit/optim", "kit/attack", "kit/attribution", "kit/corrupt",
	"kit/curate", "kit/encoder", "kit/eval", "kit/ssl", "kit/semi", "kit/compress", "kit/detect/fcos", "kit/rundir", "kit/track", "kit/train",
	"kit", "kit/report", "kit/detect", "kit/segment", "kit/stages", "kit/methodtest", "kit/meshtest",
}

// TestImportsPointDown: a room imports only those below it, so that there is no circle, and nothing
// below kit knows kit. Tests in a package of their own, such as the lessons of the methods, may use
// all, but for those of the training and of the run's files.
func TestImportsPointDown(t *testing.T) {
	for _, root := range []string{"data", "plots", "kit"} {
		err := filepath.WalkDir(filepath.Join("..", root), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || filepath.Ext(path) != ".go" {
				return err
			}
			room := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(path), "../"))
			level := slices.Index(rooms, room)
			if level < 0 {
				t.Errorf("%s: package %s is not among the rooms: say there what it stands on", path, room)
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
			if err != nil {
				return err
			}
			outside := strings.HasSuffix(file.Name.Name, "_test")
			if outside && room != "kit/train" && room != "kit/rundir" {
				return nil
			}
			for _, imported := range file.Imports {
				name, err := strconv.Unquote(imported.Path.Value)
				if err != nil {
					return err
				}
				name, ours := strings.CutPrefix(name, "sslkit/")
				if !ours || (outside && name == room) || (strings.HasSuffix(name, "test") && strings.HasSuffix(path, "_test.go")) {
					continue
				}
				if below := slices.Index(rooms, name); below < 0 || below >= level {
					t.Errorf("%s imports %s, which does not stand below %s", path, name, room)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
