package eval

import (
	"testing"

	"sslkit/kit/setting/settingtest"
)

// The comment of a field and the defaults say the same number.
func TestCommentsTellTheDefaults(t *testing.T) {
	knn, _ := KNN{}.withDefaults(100)
	linear, _ := Linear{}.withDefaults()
	curve, _ := LabelCurve{}.withDefaults()
	fewShot, _ := FewShot{}.withDefaults()
	dro, _ := GroupDRO{}.withDefaults()
	ridge, _ := Ridge{}.withDefaults()
	retrieval, _ := Retrieval{}.withDefaults(100, "")
	zeroShot, _ := AttributeZeroShot{Unseen: []string{"a", "b"}}.withDefaults()
	settingtest.Comments(t, ".", 24, knn, linear, curve, fewShot, dro, ridge, retrieval, zeroShot,
		Factors{Bins: defaultBins}, Overfit{Shuffles: defaultShuffles}, Calibration{Resamples: DefaultResamples},
		Robustness{Resamples: DefaultResamples}, Binary{Specificity: DefaultSpecificity, Resamples: DefaultResamples}, Fairness{Resamples: DefaultResamples})
}
