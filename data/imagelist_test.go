package data

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// listTree has ten images of two classes beside a table, and one that the table does not name.
func listTree(t *testing.T, name, table string) tree {
	files := tree{name: []byte(table), "img/extra.png": photo(t, 99)}
	for i := range 10 {
		files[fmt.Sprintf("img/%02d.png", i)] = photo(t, i)
	}
	return files
}

// listTable is a table of the ten images, with its fields between separators.
func listTable(between string) string {
	var b strings.Builder
	fmt.Fprintln(&b, strings.Join([]string{"path", "label", "age", "patient", "fold"}, between))
	for i := range 10 {
		row := []string{fmt.Sprintf("img/%02d.png", i), []string{"mole", "spot"}[i%2], []string{"old", "young"}[i/5], fmt.Sprintf("p%d", i/2), "train"}
		if i >= 8 {
			row[4] = "test"
		}
		fmt.Fprintln(&b, strings.Join(row, between))
	}
	return b.String()
}

// jsonTable10 is listTable in lines of JSON.
func jsonTable10() string {
	var b strings.Builder
	for i := range 10 {
		fmt.Fprintf(&b, `{"path": "img/%02d.png", "label": %q, "age": %q, "patient": "p%d", "fold": %q, "more": [1, {}]}`+"\n", i,
			[]string{"mole", "spot"}[i%2], []string{"old", "young"}[i/5], i/2, []string{"train", "test"}[i/8])
	}
	return b.String()
}

var listColumns = ListColumns{Group: "age", Object: "patient", Split: "fold"}

// TestImageListReadsEveryTable: the three kinds of tables, in a folder and in archives, give one set.
func TestImageListReadsEveryTable(t *testing.T) {
	t.Parallel()
	fingerprints := map[string]bool{}
	for name, table := range map[string]string{
		"list.csv": "\ufeff" + listTable(","), "list.TSV": listTable("\t"), "list.jsonl": jsonTable10(),
		"quoted.csv": strings.ReplaceAll(strings.ReplaceAll(listTable(","), "mole", `"mole"`), "\n", "\r\n"),
	} {
		files := listTree(t, name, table)
		wrapped := tree{}
		for p, content := range files {
			wrapped["skin/"+p] = content
		}
		for kind, path := range map[string]string{"folder": files.folder(t), "tar.gz": files.tar(t, true), "zip": files.zip(t)} {
			source := ImageList{From: ImageFolder{Path: path, Size: 8, Cache: t.TempDir()}, List: name, Columns: listColumns}
			set := opened(t, source, Train)
			if set.Len() != 8 || !slices.Equal(set.Classes(), []string{"mole", "spot"}) || !slices.Equal(Labels(set), []int{0, 1, 0, 1, 0, 1, 0, 1}) {
				t.Fatalf("%s in a %s: %d images of %v: %v", name, kind, set.Len(), set.Classes(), Labels(set))
			}
			grouped := set.(Grouped)
			if !slices.Equal(grouped.Groups(), []string{"old", "young"}) || grouped.Group(4) != 0 || grouped.Group(5) != 1 {
				t.Errorf("%s: groups %v; image 5 is of %d", name, grouped.Groups(), grouped.Group(5))
			}
			// Images 2 and 3 are of one patient.
			pix := make([]uint8, 2*8*8*3)
			if err := set.(Instances).ReadInstances(2, 2, 1, pix); err != nil {
				t.Fatal(err)
			}
			if pix[0] != 2 || pix[8*8*3] != 3 {
				t.Errorf("%s: instances of colours %d and %d, want 2 and 3", name, pix[0], pix[8*8*3])
			}
			left := LeftOutOf(set)
			if left.Ignored.Reasons["not in "+name] != 1 || left.Objects.Count() != 0 {
				t.Errorf("%s: left out: %s", name, left)
			}
			fingerprints[set.Fingerprint()] = true
			if test := opened(t, source, Test); !slices.Equal(Labels(test), []int{0, 1}) {
				t.Errorf("%s: test labels %v", name, Labels(test))
			}
			_, err := source.Open(Validation)
			wantNoSplit(t, err, "ValidationFraction")
			// From the cache too.
			if again := opened(t, source, Train); again.Fingerprint() != set.Fingerprint() || !slices.Equal(Labels(again), Labels(set)) {
				t.Errorf("%s: another set from the cache", name)
			}
		}
		if set := opened(t, ImageList{From: ImageFolder{Path: wrapped.zip(t), Size: 8, Cache: t.TempDir()}, List: name, Columns: listColumns}, Train); set.Len() != 8 {
			t.Errorf("%s below a folder: %d images", name, set.Len())
		}
	}
	if len(fingerprints) != 1 {
		t.Errorf("the same images have %d fingerprints", len(fingerprints))
	}
}

// TestImageListLists: a list of each split, ids instead of paths, a folder of images.
func TestImageListLists(t *testing.T) {
	t.Parallel()
	path := tree{
		"tables/train.csv": []byte("id,kind\na,10\nb,9\nc,\n"), "tables/val.csv": []byte("id,kind\nd,9\na,10\n"), "tables/test.csv": []byte("id,kind\ne,10\n"),
		"photos/a.png": photo(t, 1), "photos/b.png": photo(t, 2), "photos/c.png": photo(t, 3), "photos/d.png": photo(t, 4), "photos/e.png": photo(t, 5),
	}.folder(t)
	source := ImageList{
		From: ImageFolder{Path: path, Size: 8, Cache: t.TempDir()}, List: "tables/train.csv", ValidationList: "tables/val.csv", TestList: "tables/test.csv",
		Images: "photos", Suffix: ".png", Columns: ListColumns{Path: "id", Label: "kind"}, Unlabelled: true,
	}
	train, validation, test := opened(t, source, Train), opened(t, source, Validation), opened(t, source, Test)
	// 9 comes before 10: labels are sorted as numbers.
	if !slices.Equal(train.Classes(), []string{"9", "10"}) || !slices.Equal(Labels(train), []int{1, 0, -1}) {
		t.Errorf("train: %v of %v", Labels(train), train.Classes())
	}
	if !slices.Equal(Labels(validation), []int{0}) || !slices.Equal(Labels(test), []int{1}) {
		t.Errorf("validation %v, test %v", Labels(validation), Labels(test))
	}
	if left := LeftOutOf(validation); left.Objects.Reasons["it is an image of tables/train.csv too"] != 1 || left.Ignored.Count() != 0 {
		t.Errorf("left out: %s", left)
	}
	source.Unlabelled, source.Classes = false, []string{"10", "9", "8"}
	if set := opened(t, source, Train); !slices.Equal(Labels(set), []int{0, 1}) || len(set.Classes()) != 3 {
		t.Errorf("with given classes: %v of %v", Labels(set), set.Classes())
	}
	source.Columns.Label, source.Classes = NoColumn, nil
	if set := opened(t, source, Train); set.Classes() != nil || set.Label(0) != -1 || set.Len() != 3 {
		t.Errorf("without a column of labels: %d of %v", set.Len(), set.Classes())
	}
}

// TestImageListHoldsOut: images of one patient stay on one side, and rows in another order change nothing.
func TestImageListHoldsOut(t *testing.T) {
	t.Parallel()
	files := tree{}
	var rows []string
	for i := range 60 {
		files[fmt.Sprintf("%02d.png", i)] = photo(t, i)
		rows = append(rows, fmt.Sprintf("%02d.png,%d,p%02d", i, i/30, i/3))
	}
	fingerprints := map[string]bool{}
	for range 2 {
		files["l.csv"] = []byte("path,label,patient\n" + strings.Join(rows, "\n"))
		source := ImageList{From: ImageFolder{Path: files.folder(t), Size: 4, ValidationFraction: 0.1, Cache: t.TempDir()}, List: "l.csv", Columns: ListColumns{Object: "patient"}}
		side := map[string]Split{}
		all := 0
		for _, split := range []Split{Train, Validation, Test} {
			set := opened(t, source, split).(*listedSet)
			all += set.Len()
			for _, p := range paths(set.FolderSet) {
				var n int
				fmt.Sscanf(p, "%02d", &n)
				patient := fmt.Sprint(n / 3)
				if before, seen := side[patient]; seen && before != split {
					t.Errorf("patient %s is in %s and %s", patient, before, split)
				}
				side[patient] = split
			}
			fingerprints[set.Fingerprint()] = true
		}
		if all != 60 {
			t.Errorf("%d images in all splits, want 60", all)
		}
		slices.Reverse(rows)
	}
	if len(fingerprints) != 3 {
		t.Errorf("%d fingerprints of three splits", len(fingerprints))
	}
}

// badRows are rows that mean nothing, each in a table with one good row, with what is said of them.
var badRows = map[string]struct{ row, why string }{
	"no path":           {",mole", "it has no path"},
	"no label":          {"img/01.png,", "it has no label"},
	"twice":             {"img/00.png,mole", "the image came before; list.csv, line 3 (first in line 2): img/00.png"},
	"twice, otherwise":  {"./img//00.png,spot", "the image came before, with another label"},
	"climbs out":        {"../../etc/passwd,mole", "the path leads out of the folder"},
	"climbs out inside": {"img/../../x.png,mole", "the path leads out of the folder"},
	"absolute":          {"/etc/passwd,mole", "the path leads out of the folder"},
	"of Windows":        {`..\..\x.png,mole`, "the path leads out of the folder"},
	"a drive":           {`C:\x.png,mole`, "the path leads out of the folder"},
	"the folder":        {".,mole", "the path leads out of the folder"},
	"too long":          {"img/01.png,mole,1", "another number of fields"},
	"too short":         {"img/01.png", "another number of fields"},
	"no file":           {"img/77.png,mole", noFile},
	"no image":          {"list.csv,mole", "neither JPEG"},
}

// TestImageListSkipsOrFails: what a row means nothing for is told with its line.
func TestImageListSkipsOrFails(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(badRows)) {
		c := badRows[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := listTree(t, "list.csv", "path,label\nimg/00.png,mole\n"+c.row+"\nimg/02.png,mole\nimg/03.png,mole\n").folder(t)
			source := ImageList{From: ImageFolder{Path: path, Size: 8, Cache: t.TempDir(), TestFraction: 0.01}, List: "list.csv"}
			train, test := opened(t, source, Train), opened(t, source, Test)
			if train.Len()+test.Len() != 3 {
				t.Errorf("%d and %d images, want 3", train.Len(), test.Len())
			}
			said := LeftOutOf(train).String() + LeftOutOf(test).String()
			if !strings.Contains(said, c.why) || (c.why != "neither JPEG" && !strings.Contains(said, "list.csv, line 3")) {
				t.Errorf("left out: %s", said)
			}
			source.From.OnBad = Fail
			_, trainErr := source.Open(Train)
			_, testErr := source.Open(Test)
			why, _, _ := strings.Cut(c.why, ";")
			wantError(t, errors.Join(trainErr, testErr), why)
		})
	}
}

// TestImageListRefusesTables: what makes the whole table useless is an error with either setting.
func TestImageListRefusesTables(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file, table string
		parts       []string
	}{
		"unknown column":  {"l.csv", "file;label\na;b\n", []string{"l.csv", "no column label", "file;label"}},
		"columns twice":   {"l.csv", "path,label,label\n00.png,a,b\n", []string{"two columns label"}},
		"empty":           {"l.csv", "", []string{"l.csv", "empty"}},
		"a header alone":  {"l.csv", "path,label\n", []string{"no rows"}},
		"an open quote":   {"l.csv", "path,label\n\"img/00.png,mole\n", []string{"line"}},
		"a quote, tabs":   {"l.tsv", "path\tlabel\nimg/00.png\tmole\nimg/01.png\t\"mole\nimg/02.png\tmole\n", []string{"l.tsv", "line 3", "quote"}},
		"no text":         {"l.csv", "path,label\n\xff\xfe,mole\n", []string{"UTF-8"}},
		"all bad":         {"l.csv", "path,label\n../1,mole\n", []string{"none of its 1 rows", "line 2", "leads out"}},
		"no JSON":         {"l.jsonl", "{}\nnull\n[1]\n", []string{"no column label"}},
		"JSON of objects": {"l.jsonl", `{"path": {"a": 1}, "label": 1}`, []string{"none of its 1 rows", "its path is a list or an object"}},
		"no file":         {"l.csv", "path,label\nx.png,mole\n", []string{"none of its 1 images is there", "l.csv, line 2: x.png"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ImageList{From: ImageFolder{Path: listTree(t, c.file, c.table).folder(t), Size: 8, Cache: t.TempDir()}, List: c.file}.Open(Train)
			wantError(t, err, c.parts...)
		})
	}
	_, err := ImageList{From: ImageFolder{Path: tree{"1.png": photo(t, 1)}.folder(t), Cache: t.TempDir()}, List: "absent.csv"}.Open(Train)
	wantError(t, err, "there is no file absent.csv")
}

// TestImageListNumbersAndTruth: values of JSON that are no text.
func TestImageListNumbersAndTruth(t *testing.T) {
	t.Parallel()
	path := listTree(t, "l.jsonl", "{\"path\":\"img/00.png\",\"label\":3}\n\n{\"path\":\"img/01.png\",\"label\":null}\n{\"path\":\"img/02.png\",\"label\":12}\n").folder(t)
	set := opened(t, ImageList{From: ImageFolder{Path: path, Size: 8, Cache: filepath.Join(path, "cache")}, List: "l.jsonl"}, Train)
	if !slices.Equal(set.Classes(), []string{"3", "12"}) {
		t.Errorf("classes %v", set.Classes())
	}
	if left := LeftOutOf(set); left.Objects.First[0].Path != "l.jsonl, line 3: img/01.png" {
		t.Errorf("left out: %s", left)
	}
}

func TestImageListCheck(t *testing.T) {
	t.Parallel()
	from := ImageFolder{Path: "x"}
	for field, source := range map[string]ImageList{
		"From: Path":              {List: "l.csv"},
		"From.Object":             {From: ImageFolder{Path: "x", Object: "(a)"}, List: "l.csv"},
		"List is missing":         {From: from},
		"List is l.xlsx":          {From: from, List: "l.xlsx"},
		"TestList is l":           {From: from, List: "l.csv", TestList: "l"},
		"Columns.Split is fold":   {From: from, List: "l.csv", TestList: "t.csv", Columns: ListColumns{Split: "fold"}},
		"Columns.Label is -":      {From: from, List: "l.csv", Columns: ListColumns{Label: NoColumn}, Classes: []string{"a"}},
		"Classes[1] is \"a\"":     {From: from, List: "l.csv", Classes: []string{"a", "a"}},
		"From: TestFraction is 2": {From: ImageFolder{Path: "x", TestFraction: 2}, List: "l.csv"},
	} {
		_, err := source.Open(Train)
		wantError(t, err, "data.ImageList: "+field)
	}
	_, err := ImageList{From: from, List: "l.csv"}.Open(Split(7))
	wantError(t, err, "the split is 7")
}
