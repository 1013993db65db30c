package data

import (
	"fmt"
	"slices"
	"testing"
)

// classesIn puts images of two classes into folders.
func classesIn(t *testing.T, folders ...string) tree {
	files := tree{}
	for i, folder := range folders {
		files[folder+"/a/1.png"], files[folder+"/b/1.png"] = photo(t, 2*i), photo(t, 2*i+1)
	}
	return files
}

func TestImageFolderKnowsSplitsByTheirUsualNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		folders []string
		want    [3]string // the folder of each split
	}{
		{[]string{"Training", "Testing"}, [3]string{Train: "Training", Test: "Testing"}},
		{[]string{"TRAIN", "TEST", "VALID"}, [3]string{Train: "TRAIN", Validation: "VALID", Test: "TEST"}},
		{[]string{"trn", "dev", "tst"}, [3]string{Train: "trn", Validation: "dev", Test: "tst"}},
		{[]string{"training_set", "Validation Set", "test-set"}, [3]string{Train: "training_set", Validation: "Validation Set", Test: "test-set"}},
		{[]string{"TRAIN", "EVAL"}, [3]string{Train: "TRAIN", Test: "EVAL"}},
		{[]string{"train", "val", "evaluation"}, [3]string{Train: "train", Validation: "val", Test: "evaluation"}},
		{[]string{"train", "eval", "test"}, [3]string{Train: "train", Validation: "eval", Test: "test"}},
		{[]string{"training_set/training_set", "test_set/test_set"}, [3]string{Train: "training_set/training_set", Test: "test_set/test_set"}},
	} {
		t.Run(fmt.Sprint(c.folders), func(t *testing.T) {
			t.Parallel()
			source := ImageFolder{Path: classesIn(t, c.folders...).folder(t), Cache: t.TempDir()}
			for split, folder := range c.want {
				if folder == "" {
					continue
				}
				set := openFolder(t, source, Split(split))
				if want := []string{folder + "/a/1.png", folder + "/b/1.png"}; !slices.Equal(paths(set), want) || !slices.Equal(set.Classes(), []string{"a", "b"}) {
					t.Errorf("%s holds %v of %v, want %v of a and b", Split(split), paths(set), set.Classes(), want)
				}
			}
		})
	}
}

func TestImageFolderRefusesWhatLooksLikeSplits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files tree
		parts []string
	}{
		{"folders of the same names", classesIn(t, "fold1", "fold2"), []string{"fold1, fold2", "a and b", "put them into one folder named train"}},
		{"one known name", classesIn(t, "train", "holdout"), []string{"train", "look like splits"}},
		{"one known name beside images", tree{"train/a/1.png": photo(t, 1), "train/b/1.png": photo(t, 2), "more/1.png": photo(t, 3)}, []string{"train"}},
		{"parts of names", tree{"seg_train/x/1.png": photo(t, 1), "seg_test/y/1.png": photo(t, 2), "seg_pred/1.png": photo(t, 3)}, []string{"seg_test, seg_train"}},
		{"twice", classesIn(t, "train", "Training", "test"), []string{"Training and train", "both of the train split"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantError(t, openError(t, ImageFolder{Path: c.files.zip(t)}, Train), c.parts...)
		})
	}
}

func TestImageFolderTakesClassesForClasses(t *testing.T) {
	t.Parallel()
	patients := tree{}
	for i := range 8 {
		patients[fmt.Sprintf("patient%d/left/1.png", i)], patients[fmt.Sprintf("patient%d/right/1.png", i)] = photo(t, i), photo(t, i+8)
	}
	for _, c := range []struct {
		name  string
		files tree
		want  int
	}{
		{"one is named as a split", tree{"train/1.png": photo(t, 1), "train/2.png": photo(t, 2), "bus/1.png": photo(t, 3)}, 2},
		{"one has such a part of a name", tree{"test_tube/1.png": photo(t, 1), "beaker/1.png": photo(t, 3)}, 2},
		{"more than splits are, with folders of the same names", patients, 8},
		{"in a folder named train, as the error says", classesIn(t, "train/cat", "train/dog"), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if set := openFolder(t, ImageFolder{Path: c.files.folder(t)}, Train); len(set.Classes()) != c.want {
				t.Errorf("classes %v, want %d", set.Classes(), c.want)
			}
		})
	}
}
