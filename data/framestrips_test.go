package data

import (
	"bytes"
	"testing"
)

func TestFrameStripsAreTheFramesOneBelowAnother(t *testing.T) {
	t.Parallel()
	moving := Moving{World: Shapes{Test: 12, Seed: 2}}
	clips := opened(t, moving, Test).(Clips)
	for _, frames := range []int{1, 2, 3} {
		set := opened(t, FrameStrips{From: moving, Frames: frames}, Test)
		if height, width := set.Size(); height != frames*32 || width != 32 || set.Len() != 12 {
			t.Fatalf("%d images of %d×%d, want 12 of %d×32", set.Len(), height, width, frames*32)
		}
		strip, clip := make([]uint8, frames*32*32*3), make([]uint8, 3*32*32*3)
		for i := range set.Len() {
			if err := set.Read(i, strip); err != nil {
				t.Fatal(err)
			}
			if err := clips.ReadClip(i, 3, clip); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(strip, clip[:len(strip)]) || set.Label(i) != clips.Label(i) {
				t.Fatalf("image %d of %d frames is not clip %[1]d", i, frames)
			}
		}
	}
	two, three := opened(t, FrameStrips{From: moving, Frames: 2}, Test), opened(t, FrameStrips{From: moving}, Test)
	if two.Fingerprint() == three.Fingerprint() || three.Fingerprint() == clips.Fingerprint() {
		t.Error("other images have the same fingerprint")
	}
	if two.Name() != "moving-2-frames/test" || three.Name() != "moving-3-frames/test" {
		t.Errorf("the names are %s and %s", two.Name(), three.Name())
	}
}

func TestFrameStripsOfPartsAndFolders(t *testing.T) {
	t.Parallel()
	few := opened(t, Labelled{From: FrameStrips{From: Moving{World: Shapes{Train: 160}}, Frames: 2}, Subset: Subset{PerClass: 3, Seed: 1}}, Train)
	if height, _ := few.Size(); few.Len() != 24 || height != 64 {
		t.Errorf("%d images of height %d, want 24 of 64", few.Len(), height)
	}
	folder := FrameFolder{Path: videos(t).folder(t), Size: 8, Frames: 3, Cache: t.TempDir()}
	set := opened(t, FrameStrips{From: folder}, Train)
	strip := make([]uint8, 3*8*8*3)
	if err := set.Read(4, strip); err != nil {
		t.Fatal(err)
	}
	if got := shade(strip, 8); got[0] != 5 || got[1] != 6 || got[2] != 7 {
		t.Errorf("the strip shows the frames %v", got)
	}
	if left := LeftOutOf(set); left.Missing.Reasons[shortVideo] != 1 {
		t.Errorf("what the folder leaves out is %+v", left)
	}
}

func TestFrameStripsRefuseWhatHasNoClips(t *testing.T) {
	t.Parallel()
	_, err := FrameStrips{}.Open(Train)
	wantError(t, err, "data.FrameStrips: From is missing")
	_, err = FrameStrips{From: Shapes{}, Frames: -1}.Open(Train)
	wantError(t, err, "data.FrameStrips: Frames is -1; it must be at least 1 (0 means 3)")
	_, err = FrameStrips{From: Scenes{}}.Open(Train)
	wantError(t, err, "data.FrameStrips: Frames is 3", "no video clips")
	set := opened(t, FrameStrips{From: Shapes{Test: 2}}, Test)
	wantError(t, set.Read(2, make([]uint8, 3*32*32*3)), "image 2")
	wantError(t, set.Read(0, make([]uint8, 32*32*3)), "96×32")
}
