package eval

import "math"

// Check returns an error that names the field that is out of range, whatever the features: K above
// the number of training images is found by Evaluate.
func (k KNN) Check() error {
	_, err := k.withDefaults(max(k.K, DefaultK))
	return err
}

// Check returns an error that names the field that is out of range.
func (l Linear) Check() error {
	_, err := l.withDefaults()
	return err
}

// Check returns an error that names the field that is out of range, whatever the features, the
// probe's own among them.
func (c LabelCurve) Check() error {
	c, err := c.withDefaults()
	if err != nil {
		return err
	}
	return checkedProbe(c.Probe)
}

// Check returns an error that names the field that is out of range, whatever the features.
func (s FewShot) Check() error {
	_, err := s.withDefaults()
	return err
}

// Check returns an error that names the field that is out of range, whatever the features: K above
// the number of gallery images is found by Evaluate.
func (r Retrieval) Check() error {
	_, err := r.withDefaults(math.MaxInt, "")
	return err
}

// checkedProbe is the error of a probe that knows whether its settings are in range.
func checkedProbe(p Probe) error {
	if checked, ok := p.(interface{ Check() error }); ok {
		return checked.Check()
	}
	return nil
}
