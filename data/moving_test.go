package data

import (
	"bytes"
	"fmt"
	"math"
	"testing"
)

// centre is the middle of the pixels that a mask marks, in pixels from the top left.
func centre(mask []uint8, size int) (x, y float64) {
	n := 0.
	for at, m := range mask {
		if m == 1 {
			x, y, n = x+float64(at%size), y+float64(at/size), n+1
		}
	}
	return x / n, y / n
}

// The label is where the middle of the object's pixels goes, as the masks of the video show it. Some
// are close to the border between two directions, and shapes are not symmetric.
func TestMovingIsLabelledByWhereTheObjectGoes(t *testing.T) {
	t.Parallel()
	for _, directions := range []int{4, 8} {
		t.Run(fmt.Sprint(directions), func(t *testing.T) {
			t.Parallel()
			moving := Moving{World: Shapes{Size: 64, Train: 200, Seed: 4}, Directions: directions, Frames: 4}
			set := opened(t, moving, Train)
			agree, counts := 0, make([]int, directions)
			for i := range set.Len() {
				video := moving.World.Video(Train, i, 4)
				x0, y0 := centre(video.Frames[0].Mask, video.Size)
				x1, y1 := centre(video.Frames[3].Mask, video.Size)
				label := set.Label(i)
				counts[label]++
				angle := 2 * math.Pi * float64(label) / float64(directions)
				dx, dy := x1-x0, y1-y0
				if cosine := (dx*math.Cos(angle) + dy*math.Sin(angle)) / math.Hypot(dx, dy); cosine > math.Cos(1.3*math.Pi/float64(directions)) {
					agree++
				}
			}
			if agree < 180 {
				t.Errorf("%d of 200 labels are the direction in which the mask moves", agree)
			}
			for d, n := range counts {
				if n < 200/directions/2 {
					t.Errorf("%d clips go %s", n, set.Classes()[d])
				}
			}
		})
	}
}

func TestNearestDirection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dx, dy      float64
		four, eight int
	}{
		{1, 0, 0, 0}, {1, .3, 0, 0}, {1, .5, 0, 1}, {.5, 1, 1, 1}, {0, 1, 1, 2}, {-1, .1, 2, 4}, {-1, -.1, 2, 4}, {-.1, -1, 3, 6}, {1, -.9, 0, 7},
		{1, -.1, 0, 0}, {0, 0, 0, 0},
	} {
		if got := nearestDirection(c.dx, c.dy, 4); got != c.four {
			t.Errorf("(%g, %g) is direction %d of 4, want %d", c.dx, c.dy, got, c.four)
		}
		if got := nearestDirection(c.dx, c.dy, 8); got != c.eight {
			t.Errorf("(%g, %g) is direction %d of 8, want %d", c.dx, c.dy, got, c.eight)
		}
	}
	names := opened(t, Moving{Directions: 4}, Test).Classes()
	if fmt.Sprint(names) != "[right down left up]" {
		t.Errorf("four directions are %q", names)
	}
}

func TestMovingShowsTheClipsOfItsWorld(t *testing.T) {
	t.Parallel()
	world := Shapes{Train: 20, Seed: 3}
	set, from := opened(t, Moving{World: world}, Train), opened(t, world, Train)
	got, want := make([]uint8, 3*32*32*3), make([]uint8, 3*32*32*3)
	for i := range set.Len() {
		if err := set.(Clips).ReadClip(i, 3, got); err != nil {
			t.Fatal(err)
		}
		if err := from.(Clips).ReadClip(i, 3, want); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("clip %d is not that of the world", i)
		}
	}
	for _, other := range []Moving{{World: Shapes{Train: 20}}, {World: world, Directions: 4}, {World: world, Frames: 2}} {
		if opened(t, other, Train).Fingerprint() == set.Fingerprint() {
			t.Errorf("%+v has the same fingerprint", other)
		}
	}
}

func TestMovingRefusesBadSettings(t *testing.T) {
	t.Parallel()
	for want, bad := range map[string]Moving{
		"data.Moving: Directions is 5; it must be 4 or 8": {Directions: 5}, "data.Moving: Frames is 1": {Frames: 1},
		"data.Moving: World: data.Shapes: Size is 8": {World: Shapes{Size: 8}}, "data.Moving: Frames is 1001": {Frames: 1001},
	} {
		_, err := bad.Open(Train)
		wantError(t, err, want)
	}
}
