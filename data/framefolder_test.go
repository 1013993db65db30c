package data

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/disintegration/imaging"
)

func openFrames(t *testing.T, source FrameFolder, split Split) (*FrameSet, error) {
	t.Helper()
	if source.Cache == "" {
		source.Cache = t.TempDir()
	}
	set, err := source.Open(split)
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { set.Close() })
	return set.(*FrameSet), nil
}

// videos are two videos to train on, of 12 and 2 frames, and one to test on.
func videos(t *testing.T) tree {
	files := tree{"train/short/1.png": photo(t, 50), "train/short/2.png": photo(t, 51), "train/readme.txt": []byte("x")}
	for f := range 12 {
		files[fmt.Sprintf("train/walk/frame_%d.png", f+1)] = photo(t, f+1)
	}
	for f := range 4 {
		files[fmt.Sprintf("test/run/%02d.png", f)] = photo(t, 60+f)
	}
	return files
}

// shade is the first byte of each image, by which photo numbers them.
func shade(pix []uint8, size int) []int {
	var shades []int
	for k := 0; k < len(pix); k += size * size * 3 {
		shades = append(shades, int(pix[k]))
	}
	return shades
}

func TestFrameFolderReadsClipsInTheOrderOfTime(t *testing.T) {
	for _, path := range []string{videos(t).folder(t), videos(t).tar(t, true), videos(t).zip(t)} {
		set, err := openFrames(t, FrameFolder{Path: path, Size: 8}, Train)
		if err != nil {
			t.Fatal(err)
		}
		if set.Len() != 10 || set.Name() != "pets/train" || set.Classes() != nil || set.Label(3) != -1 || set.Ignored().Count() != 1 {
			t.Fatalf("%s: %d clips, classes %v, %d files ignored", set.Name(), set.Len(), set.Classes(), set.Ignored().Count())
		}
		frame, clip := make([]uint8, 8*8*3), make([]uint8, 3*8*8*3)
		for i := range set.Len() {
			if want := fmt.Sprintf("train/walk/frame_%d.png", i+1); set.Path(i) != want {
				t.Errorf("clip %d begins with %s, want %s", i, set.Path(i), want)
			}
			if err := set.Read(i, frame); err != nil {
				t.Fatal(err)
			}
			if err := set.ReadClip(i, 3, clip); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(frame, clip[:len(frame)]) {
				t.Errorf("clip %d does not begin with its image", i)
			}
			if got := shade(clip, 8); !slices.Equal(got, []int{i + 1, i + 2, i + 3}) {
				t.Errorf("clip %d shows the frames %v", i, got)
			}
		}
		if test, err := openFrames(t, FrameFolder{Path: path, Size: 8}, Test); err != nil || test.Len() != 2 {
			t.Errorf("test: %v, want 2 clips", err)
		}
	}
}

func TestFrameFolderStrideAndLength(t *testing.T) {
	folder := videos(t).folder(t)
	two, err := openFrames(t, FrameFolder{Path: folder, Size: 8, Frames: 2}, Train)
	if err != nil {
		t.Fatal(err)
	}
	if two.Len() != 11+1 { // Of the short video one.
		t.Errorf("%d clips of 2 frames, want 12", two.Len())
	}
	wide, err := openFrames(t, FrameFolder{Path: folder, Size: 8, Frames: 3, Stride: 4}, Train)
	if err != nil {
		t.Fatal(err)
	}
	clip := make([]uint8, 3*8*8*3)
	if err := wide.ReadClip(3, 3, clip); err != nil || wide.Len() != 4 || !slices.Equal(shade(clip, 8), []int{4, 8, 12}) {
		t.Errorf("%d clips, the last %v, %v", wide.Len(), shade(clip, 8), err)
	}
	if two.Fingerprint() == wide.Fingerprint() {
		t.Error("other clips have the same fingerprint")
	}
	wantError(t, wide.ReadClip(0, 4, make([]uint8, 4*8*8*3)), "4 frames", "FrameFolder.Frames is 3")
	wantError(t, wide.ReadClip(4, 3, clip), "image 4", "[0, 4)")
	wantError(t, wide.ReadClip(0, 2, clip), "2 images")
	wantError(t, wide.ReadClip(0, 0, nil), "at least 1")
	_, err = openFrames(t, FrameFolder{Path: folder, Frames: 13}, Train)
	wantError(t, err, "13 good frames", "FrameFolder.Frames")
}

func TestFrameFolderLeapsOverNoBadFrame(t *testing.T) {
	files := tree{}
	for f := range 7 {
		files[fmt.Sprintf("train/a/%d.png", f)] = photo(t, f)
	}
	files["train/a/3.png"] = []byte("no image")
	folder := files.folder(t)
	set, err := openFrames(t, FrameFolder{Path: folder, Frames: 3}, Train)
	if err != nil {
		t.Fatal(err)
	}
	if set.Len() != 2 || set.Path(0) != "train/a/0.png" || set.Path(1) != "train/a/4.png" || len(set.Skipped()) != 1 {
		t.Errorf("%d clips, skipped %v", set.Len(), set.Skipped())
	}
	over, err := openFrames(t, FrameFolder{Path: folder, Frames: 2, Stride: 2}, Train)
	if err != nil || over.Len() != 3 { // 0-2, 2-4, 4-6
		t.Errorf("%v, want 3 clips that step over the bad frame", err)
	}
	_, err = openFrames(t, FrameFolder{Path: folder, OnBad: Fail}, Train)
	wantError(t, err, "3.png")
}

func TestFrameFolderLeapsOverNoMissingNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		frames         string
		length, stride int
		firsts, gaps   string // frames that a clip begins with, and those behind a gap
	}{
		{"a gap", "f_1 f_2 f_5 f_6 f_7", 2, 1, "f_1 f_5 f_6", "f_5"},
		{"many", "f_0 f_1 f_2 f_5 f_9 f_10", 2, 1, "f_0 f_1 f_9", "f_5 f_9"},
		{"of one frame, stepped over", "f_1 f_2 f_4 f_6", 2, 2, "f_2 f_4", "f_4 f_6"},
		{"longer than a clip", "f_1 f_2 f_900000000 f_900000001", 2, 1, "f_1 f_900000000", "f_900000000"},
		{"every fifth frame", "000 005 010 020 025", 2, 1, "000 005 020", "020"},
		{"times", "0033 0067 0100 0133 0200", 2, 1, "0033 0067 0100", "0200"},
		{"more than one number", "a1_59 a2_00 a2_01", 2, 1, "a1_59 a2_00", ""},
		{"no numbers", "a b c", 2, 1, "a b", ""},
		{"names that differ in more", "f_1 f_2 g_7", 2, 1, "f_1 f_2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			files := tree{}
			for i, name := range strings.Fields(c.frames) {
				files["train/v/"+name+".png"] = photo(t, i)
			}
			set, err := openFrames(t, FrameFolder{Path: files.folder(t), Size: 4, Frames: c.length, Stride: c.stride}, Train)
			if err != nil {
				t.Fatal(err)
			}
			name := func(p string) string { return strings.TrimSuffix(path.Base(p), ".png") }
			var firsts, gaps []string
			for i := range set.Len() {
				firsts = append(firsts, name(set.Path(i)))
			}
			for _, gap := range LeftOutOf(set).Missing.First {
				if gap.Reason == gapBefore {
					gaps = append(gaps, name(gap.Path))
				}
			}
			if strings.Join(firsts, " ") != c.firsts || strings.Join(gaps, " ") != c.gaps {
				t.Errorf("clips begin with %v, gaps before %v; want %s, %s", firsts, gaps, c.firsts, c.gaps)
			}
		})
	}
}

func TestFrameFolderSaysWhichVideosAreTooShort(t *testing.T) {
	t.Parallel()
	set, err := openFrames(t, FrameFolder{Path: videos(t).folder(t), Size: 4}, Train)
	if err != nil {
		t.Fatal(err)
	}
	left := LeftOutOf(set)
	if want := []Skipped{{"train/short", shortVideo}}; !slices.Equal(left.Missing.First, want) || !left.Serious() {
		t.Errorf("missing %v, want %v", left.Missing.First, want)
	}
	if want := "1 gap or short video (" + shortVideo + "; train/short); 1 file ignored"; !strings.Contains(left.String(), want) {
		t.Errorf("it says %q, want %q", left, want)
	}
}

// TestFrameFolderLeapsOverNoFrameOfAnotherSize: cut to a square and scaled, it
// would show something else than its neighbours.
func TestFrameFolderLeapsOverNoFrameOfAnotherSize(t *testing.T) {
	t.Parallel()
	files := tree{"train/b/1.png": pngOf(t, imaging.New(30, 10, orange)), "train/b/2.png": pngOf(t, imaging.New(30, 10, orange)), "test/c/1.png": photo(t, 9)}
	for f := range 5 {
		files[fmt.Sprintf("train/a/%d.png", f)] = photo(t, f)
	}
	files["train/a/2.png"] = pngOf(t, imaging.New(20, 10, orange))
	folder := files.folder(t)
	set, err := openFrames(t, FrameFolder{Path: folder, Size: 4, Frames: 2}, Train)
	if err != nil {
		t.Fatal(err)
	}
	if skipped := set.Skipped(); set.Len() != 2+1 || len(skipped) != 1 || skipped[0].Path != "train/a/2.png" ||
		!strings.Contains(skipped[0].Reason, "20×10 pixels, and most frames of its video are 12×10") {
		t.Errorf("%d clips, skipped %v", set.Len(), skipped)
	}
	_, err = openFrames(t, FrameFolder{Path: folder, OnBad: Fail}, Train)
	wantError(t, err, "train/a/2.png", "20×10")
}

func TestFrameFolderHoldsWholeVideosOut(t *testing.T) {
	files := tree{}
	for v := range 40 {
		for f := range 4 {
			files[fmt.Sprintf("actor%d/video%02d/%d.png", v%3, v, f)] = photo(t, 4*v+f)
		}
	}
	folder := files.folder(t)
	seen := map[string]Split{}
	total := 0
	for _, split := range []Split{Train, Validation, Test} {
		set, err := openFrames(t, FrameFolder{Path: folder, Frames: 2, ValidationFraction: .2, Size: 4}, split)
		if err != nil {
			t.Fatal(err)
		}
		total += set.Len()
		for i := range set.Len() {
			video := path.Dir(set.Path(i))
			if before, twice := seen[video]; twice && before != split {
				t.Errorf("%s is in %s and in %s", video, before, split)
			}
			seen[video] = split
		}
	}
	if total != 40*3 {
		t.Errorf("%d clips in all splits, want %d", total, 40*3)
	}
	_, err := openFrames(t, FrameFolder{Path: folder}, Validation)
	wantNoSplit(t, err, "ValidationFraction")
}

func TestFrameFolderBadSettings(t *testing.T) {
	for field, bad := range map[string]FrameFolder{
		"data.FrameFolder: Frames": {Path: "x", Frames: 1}, "data.FrameFolder: Stride": {Path: "x", Stride: -1}, "data.FrameFolder: Path": {},
		"data.FrameFolder: Quality": {Path: "x", Encoding: JPEG, Quality: 101}, "data.FrameFolder: Encoding": {Path: "x", Encoding: -1},
		"data.FrameFolder: Size": {Path: "x", Size: -1}, "data.FrameFolder: TestFraction": {Path: "x", TestFraction: 2},
	} {
		_, err := bad.Open(Train)
		wantError(t, err, field)
	}
	_, err := FrameFolder{Path: "x"}.Open(Split(7))
	wantError(t, err, "the split is 7")
	_, err = openFrames(t, FrameFolder{Path: t.TempDir()}, Train)
	wantError(t, err, "no image")
	_, err = openFrames(t, FrameFolder{Path: "/does/not/exist"}, Train)
	wantError(t, err, "/does/not/exist")
}

func TestNaturalOrder(t *testing.T) {
	names := strings.Fields("a frame_1 frame_02 frame_2 frame_2b frame_10 frame_010x frame_99999999999999999999 " +
		"frame_a2b3 frame_a2b10 frames")
	shuffled := slices.Clone(names)
	slices.Reverse(shuffled)
	slices.SortFunc(shuffled, natural)
	if !slices.Equal(shuffled, names) {
		t.Errorf("sorted %v, want %v", shuffled, names)
	}
}

// labelledVideos are two classes of three videos each, of four frames.
func labelledVideos(t *testing.T, root string) tree {
	files := tree{}
	for c, class := range []string{"left", "right"} {
		for v := range 3 {
			for f := range 4 {
				files[fmt.Sprintf("%s%s/%[2]s%d/%d.png", root, class, v, f)] = photo(t, 1+c*12+v*4+f)
			}
		}
	}
	return files
}

func TestFrameFolderLabelsVideosByTheFolderThatTheyLieIn(t *testing.T) {
	for _, root := range []string{"train/", ""} {
		folder := FrameFolder{Path: labelledVideos(t, root).folder(t), Size: 8, Frames: 2, Labelled: true, TestFraction: .3}
		set, err := openFrames(t, folder, Train)
		if err != nil {
			t.Fatal(err)
		}
		if set.Len() != 2*2*3 || !slices.Equal(set.Classes(), []string{"left", "right"}) {
			t.Fatalf("%d clips of the classes %q, want 12 of two", set.Len(), set.Classes())
		}
		for i := range set.Len() {
			if class := set.Classes()[set.Label(i)]; !strings.Contains(set.Path(i), class+"/"+class) {
				t.Errorf("clip %s is labelled %s", set.Path(i), class)
			}
		}
		test, err := openFrames(t, folder, Test) // One video of each class.
		if err != nil || test.Len() != 2*3 || test.Label(0) != 0 || test.Label(5) != 1 {
			t.Errorf("test: %v", err)
		}
		folder.Labelled = false
		if plain, err := openFrames(t, folder, Train); err != nil || plain.Classes() != nil || plain.Label(0) != -1 || plain.Fingerprint() == set.Fingerprint() {
			t.Errorf("without labels: %v", err)
		}
	}
}

func TestFrameFolderOfLabelsAndTheSameWithoutAreTwoCaches(t *testing.T) {
	folder := FrameFolder{Path: labelledVideos(t, "train/").folder(t), Size: 8, Frames: 2, Labelled: true, Cache: t.TempDir()}
	for range 2 {
		set, err := openFrames(t, folder, Train)
		if err != nil || (set.Classes() != nil) != folder.Labelled {
			t.Errorf("Labelled %t: %v", folder.Labelled, err)
		}
		folder.Labelled = !folder.Labelled
	}
}

func TestFrameFolderOfLabelsWantsThemInEachSplit(t *testing.T) {
	files := labelledVideos(t, "train/")
	for f := range 4 {
		files[fmt.Sprintf("test/%d.png", f)] = photo(t, 60+f)
	}
	_, err := openFrames(t, FrameFolder{Path: files.folder(t), Size: 8, Frames: 2, Labelled: true}, Test)
	wantError(t, err, "opening test", "no class folders")
}

func TestFrameFolderWantsFoldersOfClassesWhereItIsToLabel(t *testing.T) {
	flat := tree{}
	for f := range 3 {
		flat[fmt.Sprintf("train/walk/%d.png", f)], flat[fmt.Sprintf("train/run/%d.png", f)] = photo(t, 1+f), photo(t, 9+f)
	}
	_, err := openFrames(t, FrameFolder{Path: flat.folder(t), Labelled: true, TestFraction: .1}, Train)
	wantError(t, err, "train/run is a class", "which must lie in a folder for its video")
	_, err = openFrames(t, FrameFolder{Path: tree{"train/1.png": photo(t, 1), "train/2.png": photo(t, 2)}.folder(t), Labelled: true}, Train)
	wantError(t, err, "no class folders")
}
