package track

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"sslkit/data"
	"sslkit/kit/rundir"
)

// MLflow shows a run on an MLflow tracking server, over its REST interface: each scalar of
// rundir.Scalars as a metric, the settings of the recipe as parameters (long ones shortened), and
// files of the run directory as artifacts. A run that the server shows already goes on behind the
// last step that it has.
//
// Who may write is told by the environment, as for MLflow's own client: MLFLOW_TRACKING_TOKEN, or
// MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.
type MLflow struct {
	// URL is that of the server, such as "http://localhost:5000". Default: MLFLOW_TRACKING_URI of
	// the environment; without that it is an error.
	URL string
	// Experiment is the name of the experiment, which is made where there is none. Default:
	// MLFLOW_EXPERIMENT_NAME of the environment, or "sslkit".
	Experiment string
	// Artifacts are the files of the run directory that are uploaded when the run ends, if they are
	// there. A server that does not take artifacts itself gets none, which the run's tag
	// sslkit.artifacts says. Default: recipe.json, env.json, metrics.csv, report.html.
	Artifacts []string
}

// The limits of a call of runs/log-batch, by mlflow/utils/validation.py of MLflow 3.17.
const (
	mostMetrics = 1000
	mostParams  = 100
)

// Tags of a run on the server.
const (
	idTag        = "sslkit.run" // By which it is found again.
	artifactsTag = "sslkit.artifacts"
)

func (m MLflow) withDefaults() MLflow {
	m.URL = strings.TrimRight(cmp.Or(m.URL, os.Getenv("MLFLOW_TRACKING_URI")), "/")
	m.Experiment = cmp.Or(m.Experiment, os.Getenv("MLFLOW_EXPERIMENT_NAME"), "sslkit")
	if m.Artifacts == nil {
		m.Artifacts = []string{rundir.RecipeFile, rundir.EnvironmentFile, rundir.CSVFile, "report.html"}
	}
	return m
}

// Check returns an error where there is no URL, or it is none of a server.
func (m MLflow) Check() error {
	m = m.withDefaults()
	if m.URL == "" {
		return errors.New("track.MLflow: URL is missing; give it, such as http://localhost:5000, or set MLFLOW_TRACKING_URI")
	}
	if parsed, err := url.Parse(m.URL); err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		return fmt.Errorf("track.MLflow: URL is %q; it must be that of a server, such as http://localhost:5000", m.client().name())
	}
	return nil
}

// String says where the server is.
func (m MLflow) String() string { return "MLflow at " + m.withDefaults().client().name() }

func (m MLflow) client() client {
	return client{
		base: m.URL, http: &http.Client{Timeout: time.Minute, CheckRedirect: data.LeaveTokenBehind}, token: os.Getenv("MLFLOW_TRACKING_TOKEN"),
		user: os.Getenv("MLFLOW_TRACKING_USERNAME"), password: os.Getenv("MLFLOW_TRACKING_PASSWORD"),
	}
}

// Open finds the run on the server, or makes it, with its parameters.
func (m MLflow) Open(run Run) (Log, error) {
	m = m.withDefaults()
	l := &mlflowLog{client: m.client(), run: run, artifacts: m.Artifacts}
	if err := l.open(m.Experiment); err != nil {
		return nil, err
	}
	if err := l.Write(run.Metrics); err != nil {
		return nil, err
	}
	return l, nil
}

// mlflowLog shows one run on a server.
type mlflowLog struct {
	client
	run       Run
	artifacts []string
	onServer  mlflowRun
	shown     int // Last step that the server has.
}

// The parts of MLflow's messages that are used here.
type (
	keyValue struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	mlflowMetric struct {
		Key       string  `json:"key"`
		Value     float64 `json:"value"`
		Timestamp int64   `json:"timestamp"` // Milliseconds.
		Step      int     `json:"step"`
	}
	mlflowRun struct {
		Info struct {
			ID        string `json:"run_id"`
			Artifacts string `json:"artifact_uri"`
		} `json:"info"`
		Data struct {
			Metrics []struct { // The last of each; some servers write whole numbers as text.
				Key  string      `json:"key"`
				Step jsonInteger `json:"step"`
			} `json:"metrics"`
		} `json:"data"`
	}
)

func (l *mlflowLog) open(experiment string) error {
	id, err := l.experiment(experiment)
	if err != nil {
		return err
	}
	var found struct {
		Runs []mlflowRun `json:"runs"`
	}
	err = l.post("runs/search", map[string]any{
		"experiment_ids": []string{id}, "filter": fmt.Sprintf("tags.`%s` = '%s'", idTag, l.run.id()), "max_results": 1,
	}, &found)
	if err != nil {
		return err
	}
	if len(found.Runs) > 0 {
		l.onServer = found.Runs[0]
		if err := l.post("runs/update", map[string]any{"run_id": l.onServer.Info.ID, "status": "RUNNING"}, nil); err != nil {
			return err
		}
	} else {
		var made struct {
			Run mlflowRun `json:"run"`
		}
		err := l.post("runs/create", map[string]any{
			"experiment_id": id, "run_name": l.run.Name, "start_time": l.run.Began.UnixMilli(),
			"tags": []keyValue{{idTag, l.run.id()}},
		}, &made)
		if err != nil {
			return err
		}
		l.onServer = made.Run
	}
	l.shown = -1
	for _, last := range l.onServer.Data.Metrics {
		if last.Key == rundir.Loss.Name { // Which each step reports, and the last of a step is sent last.
			l.shown = int(last.Step)
		}
	}
	var params []keyValue
	for _, setting := range l.run.Settings {
		params = append(params, keyValue{paramName(setting.Path), setting.Value})
	}
	for part := range slices.Chunk(params, mostParams) {
		if err := l.post("runs/log-batch", map[string]any{"run_id": l.onServer.Info.ID, "params": part}, nil); err != nil {
			return err
		}
	}
	return nil
}

// paramName is a path as MLflow takes it: Augment[0].Scale is Augment.0.Scale.
func paramName(path string) string { return strings.NewReplacer("[", ".", "]", "").Replace(path) }

// experiment is the id of the experiment of that name.
func (l *mlflowLog) experiment(name string) (string, error) {
	find := func() (string, error) {
		var found struct {
			Experiment struct {
				ID    string `json:"experiment_id"`
				Stage string `json:"lifecycle_stage"`
			} `json:"experiment"`
		}
		err := l.get("experiments/get-by-name?experiment_name="+url.QueryEscape(name), &found)
		if err == nil && found.Experiment.Stage == "deleted" {
			err = fmt.Errorf("the experiment %q was deleted on %s; restore it there, or choose another name", name, l.name())
		}
		return found.Experiment.ID, err
	}
	id, err := find()
	var answer *Answer
	if !errors.As(err, &answer) || answer.Code != "RESOURCE_DOES_NOT_EXIST" {
		return id, err
	}
	var made struct {
		ID string `json:"experiment_id"`
	}
	err = l.post("experiments/create", map[string]any{"name": name}, &made)
	if errors.As(err, &answer) && answer.Code == "RESOURCE_ALREADY_EXISTS" { // By another run, meanwhile.
		return find()
	}
	return made.ID, err
}

func (l *mlflowLog) Write(lines []rundir.Metrics) error {
	var batch []mlflowMetric
	send := func(last int) error {
		if len(batch) == 0 {
			return nil
		}
		if err := l.post("runs/log-batch", map[string]any{"run_id": l.onServer.Info.ID, "metrics": batch}, nil); err != nil {
			return err
		}
		l.shown, batch = last, batch[:0]
		return nil
	}
	for i, m := range lines {
		if m.Step <= l.shown {
			continue
		}
		for _, scalar := range slices.Backward(rundir.Scalars()) { // The loss at last.
			if value, ok := scalar.Of(m); ok {
				batch = append(batch, mlflowMetric{scalar.Name, value, l.run.at(m).UnixMilli(), m.Step})
			}
		}
		if i == len(lines)-1 || len(batch)+len(rundir.Scalars()) > mostMetrics {
			if err := send(m.Step); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *mlflowLog) Close(end End) error {
	if err := l.upload(); err != nil {
		return err
	}
	status := []string{Finished: "FINISHED", Interrupted: "KILLED", Failed: "FAILED"}[end]
	return l.post("runs/update", map[string]any{
		"run_id": l.onServer.Info.ID, "status": status, "end_time": time.Now().UnixMilli(),
	}, nil)
}

// upload uploads the artifacts that there are, where the server takes them.
func (l *mlflowLog) upload() error {
	folder, ours := strings.CutPrefix(l.onServer.Info.Artifacts, "mlflow-artifacts:")
	if ours && strings.HasPrefix(folder, "//") { // With the server's name.
		_, folder, _ = strings.Cut(folder[2:], "/")
	}
	for _, name := range l.artifacts {
		file := l.run.Dir.Path(name)
		switch content, err := os.ReadFile(file); {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return fmt.Errorf("reading the artifact %s: %w", file, err)
		case !ours:
			return l.post("runs/set-tag", map[string]any{"run_id": l.onServer.Info.ID, "key": artifactsTag,
				"value": "none were uploaded, since the server does not take them itself: they would go to " + l.onServer.Info.Artifacts}, nil)
		default:
			if err := l.put("mlflow-artifacts/artifacts/"+path.Join(strings.TrimPrefix(folder, "/"), name), content); err != nil {
				return err
			}
		}
	}
	return nil
}
