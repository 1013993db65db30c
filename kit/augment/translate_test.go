package augment

import "testing"

// tf.pad(mode="REFLECT") of 0 1 2 3 by 3 is 3 2 1 0 1 2 3 2 1 0: its windows of 4 are what is seen
// after shifts right by 3 to -3.
func TestTranslateMirrorsAsTensorFlowPads(t *testing.T) {
	padded := [10]uint8{3, 2, 1, 0, 1, 2, 3, 2, 1, 0}
	var params [][]float32
	var pix []uint8
	for right := 3; right >= -3; right-- {
		params = append(params, []float32{float32(right), 0})
		for v := range uint8(4) {
			pix = append(pix, v, v, v)
		}
	}
	views := rows(applyParams(t, Translate{Most: .75}, params, pix, len(params), 1, 4), len(params))
	for i, view := range views {
		for x := range 4 {
			if got, want := 255*view[3*x], float32(padded[i+x]); abs(float64(got-want)) > 1e-4 {
				t.Errorf("shifted right by %g, pixel %d is %g, want %g", params[i][0], x, got, want)
			}
		}
	}
}

func TestBadTranslate(t *testing.T) {
	for _, most := range []float64{-.1, 1} {
		if err := (Pipeline{Translate{Most: most}}).Check(32, 32); err == nil {
			t.Errorf("Most of %g is no error", most)
		}
	}
}
