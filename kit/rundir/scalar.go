package rundir

// Scalar is a figure that a training reports: a column of metrics.csv, a curve in TensorBoard.
type Scalar struct {
	Name  string // For programs, such as "probe/knn".
	Label string // For an axis, with the unit.
	// Of is its value at a step, and whether there is one: monitors and probe look now and then.
	Of func(Metrics) (value float64, ok bool)
}

// The scalars of a training. See Metrics, Monitor and Probe for what they mean. Accuracies are in [0, 1].
var (
	Loss         = everyStep("loss", "loss", func(m Metrics) float64 { return m.Loss })
	LearningRate = everyStep("learning_rate", "learning rate", func(m Metrics) float64 { return m.LearningRate })
	GradientNorm = everyStep("gradient_norm", "gradient norm", func(m Metrics) float64 { return m.GradientNorm })
	Epoch        = everyStep("epoch", "epoch", func(m Metrics) float64 { return m.Epoch })
	Seconds      = everyStep("seconds", "seconds of training", func(m Metrics) float64 { return m.Seconds })
	Waited       = everyStep("waited", "seconds waited for images", func(m Metrics) float64 { return m.Waited })

	EmbeddingStd = monitored("monitor/embedding_std", "std of embedding", func(m Monitor) float64 { return m.EmbeddingStd })
	RankMe       = monitored("monitor/rank_me", "RankMe", func(m Monitor) float64 { return m.RankMe })
	Alignment    = monitored("monitor/alignment", "alignment", func(m Monitor) float64 { return m.Alignment })
	Uniformity   = monitored("monitor/uniformity", "uniformity", func(m Monitor) float64 { return m.Uniformity })

	ProbeKNN    = probed("probe/knn", "online k-NN accuracy", func(p Probe) float64 { return p.KNN })
	ProbeLinear = probed("probe/linear", "online linear accuracy", func(p Probe) float64 { return p.Linear })
	Validation  = Scalar{"validation/accuracy", "validation accuracy", func(m Metrics) (float64, bool) {
		if m.Validation == nil {
			return 0, false
		}
		return *m.Validation, true
	}}
)

// Scalars are all of them, in the order of the columns of metrics.csv.
func Scalars() []Scalar {
	return []Scalar{Loss, LearningRate, GradientNorm, Epoch, Seconds, Waited,
		EmbeddingStd, RankMe, Alignment, Uniformity, ProbeKNN, ProbeLinear, Validation}
}

// everyStep is a scalar that each step reports, but not the look before the first.
func everyStep(name, label string, of func(Metrics) float64) Scalar {
	return Scalar{name, label, func(m Metrics) (float64, bool) {
		if m.Step == 0 {
			return 0, false
		}
		return of(m), true
	}}
}

func monitored(name, label string, of func(Monitor) float64) Scalar {
	return Scalar{name, label, func(m Metrics) (float64, bool) {
		if m.Monitor == nil {
			return 0, false
		}
		return of(*m.Monitor), true
	}}
}

func probed(name, label string, of func(Probe) float64) Scalar {
	return Scalar{name, label, func(m Metrics) (float64, bool) {
		if m.Probe == nil {
			return 0, false
		}
		return of(*m.Probe), true
	}}
}
