package track

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"sslkit/kit/rundir"
)

// The answers of a server of MLflow 3.17.2, as it gave them, but for lines that are not read.
const (
	noExperiment = `{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Could not find experiment with name 'none'", ` +
		`"sqlstate": "KAM00", "error_class": "RESOURCE_NOT_FOUND"}`
	badKey = `{"error_code": "INVALID_PARAMETER_VALUE", "message": "Invalid value \"a[0]\" for parameter 'params[0].key' supplied: ` +
		`Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/)."}`
	theRun = `{"info": {"run_uuid": "64d880cb", "experiment_id": "1", "run_name": "simclr", "user_id": "", "status": "RUNNING",
		"start_time": 1741064767000, "artifact_uri": "mlflow-artifacts:/1/64d880cb/artifacts", "lifecycle_stage": "active",
		"run_id": "64d880cb"}, "data": {%s"tags": [{"key": "mlflow.runName", "value": "simclr"}]}, "inputs": {}}`
	lastMetrics = `"metrics": [{"key": "probe/knn", "value": 0.5, "timestamp": 1, "step": "9"}, {"key": "loss", "value": 0.5, "timestamp": 1, "step": 1}], `
)

// server answers as MLflow and remembers what it was asked.
type server struct {
	mu       sync.Mutex
	known    bool   // The experiment and the run are there.
	refuse   string // A call that it does not do.
	auth     string // The header that came last.
	calls    []string
	metrics  []mlflowMetric
	params   []keyValue
	uploaded map[string]string
	status   string
	largest  int // Metrics in one call.
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	call := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/2.0/"), "mlflow/")
	s.calls, s.auth = append(s.calls, call), r.Header.Get("Authorization")
	body, _ := io.ReadAll(r.Body)
	var asked struct {
		Metrics []mlflowMetric
		Params  []keyValue
		Status  string
	}
	json.Unmarshal(body, &asked)
	artifact, upload := strings.CutPrefix(call, "mlflow-artifacts/artifacts/")
	switch {
	case call == s.refuse:
		w.WriteHeader(http.StatusBadRequest)
		io.WriteString(w, badKey)
	case upload:
		s.uploaded[artifact] = string(body)
	case call == "experiments/get-by-name" && !s.known:
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, noExperiment)
	case call == "experiments/get-by-name":
		io.WriteString(w, `{"experiment": {"experiment_id": "1", "name": "rec", "lifecycle_stage": "active"}}`)
	case call == "experiments/create":
		io.WriteString(w, `{"experiment_id": "1"}`)
	case call == "runs/search" && !s.known:
		io.WriteString(w, `{}`)
	case call == "runs/search":
		fmt.Fprintf(w, `{"runs": [`+theRun+`]}`, lastMetrics)
	case call == "runs/create":
		fmt.Fprintf(w, `{"run": `+theRun+`}`, "")
	default:
		s.metrics, s.params, s.status = append(s.metrics, asked.Metrics...), append(s.params, asked.Params...), asked.Status
		s.largest = max(s.largest, len(asked.Metrics), 10*len(asked.Params))
		io.WriteString(w, `{}`)
	}
}

// asked shows a run to a server.
func asked(t *testing.T, s *server, run Run) error {
	t.Helper()
	s.uploaded = map[string]string{}
	at := httptest.NewServer(s)
	defer at.Close()
	return Send(MLflow{URL: at.URL + "/", Experiment: "rec"}, run, Finished)
}

// TestMLflowTokenStaysWithTheServer: where the server redirects to another port, the token is not sent there.
func TestMLflowTokenStaysWithTheServer(t *testing.T) {
	t.Setenv("MLFLOW_TRACKING_TOKEN", "secret")
	other := &server{known: true, auth: "nobody asked", uploaded: map[string]string{}}
	elsewhere := httptest.NewServer(other)
	defer elsewhere.Close()
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.RequestURI(), http.StatusTemporaryRedirect)
	}))
	defer first.Close()
	if err := Send(MLflow{URL: first.URL, Experiment: "rec"}, example(t.TempDir()), Finished); err != nil {
		t.Log(err) // What becomes of the run is not asked here.
	}
	if other.auth != "" {
		t.Errorf("the other server was sent %q", other.auth)
	}
}

func TestMLflow(t *testing.T) {
	t.Setenv("MLFLOW_TRACKING_TOKEN", "secret")
	run := example(t.TempDir())
	for i := range 130 {
		run.Settings = append(run.Settings, Setting{fmt.Sprintf("Augment[0][%d].Size", i), "24"})
	}
	for step := 3; step <= 1500; step++ {
		run.Metrics = append(run.Metrics, rundir.Metrics{Step: step, Loss: 1})
	}
	if err := os.WriteFile(run.Dir.Path(rundir.RecipeFile), run.Recipe, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		known bool
		first int // Step that is sent.
		calls []string
	}{
		"new":     {false, 0, []string{"experiments/get-by-name", "experiments/create", "runs/search", "runs/create"}},
		"goes on": {true, 2, []string{"experiments/get-by-name", "runs/search", "runs/update"}},
	} {
		s := &server{known: test.known}
		if err := asked(t, s, run); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.Equal(s.calls[:len(test.calls)], test.calls) || s.status != "FINISHED" || s.auth != "Bearer secret" {
			t.Errorf("%s: calls %q..., at last %q, by %q", name, s.calls[:len(test.calls)], s.status, s.auth)
		}
		if s.largest > 1000 || len(s.params) != 132 || s.params[2].Key != "Augment.0.0.Size" {
			t.Errorf("%s: up to %d in a call, %d parameters, such as %v", name, s.largest, len(s.params), s.params[2])
		}
		if got := s.uploaded["1/64d880cb/artifacts/recipe.json"]; got != string(run.Recipe) || len(s.uploaded) != 1 {
			t.Errorf("%s: uploaded %q", name, s.uploaded)
		}
		var want []mlflowMetric
		for _, m := range run.Metrics[test.first:] {
			for _, scalar := range slices.Backward(rundir.Scalars()) {
				if value, ok := scalar.Of(m); ok {
					want = append(want, mlflowMetric{scalar.Name, value, run.at(m).UnixMilli(), m.Step})
				}
			}
		}
		if !slices.Equal(s.metrics, want) {
			t.Errorf("%s: %d metrics, want %d, beginning with %v", name, len(s.metrics), len(want), want[0])
		}
	}
}

// TestMLflowErrors: they name the server, what was asked and what it said, but no password.
func TestMLflowErrors(t *testing.T) {
	t.Setenv("MLFLOW_TRACKING_USERNAME", "user")
	t.Setenv("MLFLOW_TRACKING_PASSWORD", "secret")
	for _, call := range []string{"runs/search", "runs/log-batch", "runs/update", "experiments/create"} {
		s := &server{refuse: call}
		err := asked(t, s, example(t.TempDir()))
		if err == nil || !strings.Contains(err.Error(), call+": 400 Bad Request: INVALID_PARAMETER_VALUE: Invalid value") {
			t.Errorf("%s: %v", call, err)
		}
		if s.auth != "Basic dXNlcjpzZWNyZXQ=" {
			t.Errorf("%s: authorised by %q", call, s.auth)
		}
	}
	err := Send(MLflow{URL: "http://user:secret@127.0.0.1:1"}, example(t.TempDir()), Finished)
	if err == nil || strings.Contains(err.Error(), "secret") || !strings.Contains(err.Error(), "refused") {
		t.Errorf("of a server that is not there: %v", err)
	}
}

// TestMLflowTakesNoArtifacts: where the server has others keep them, the run says so.
func TestMLflowTakesNoArtifacts(t *testing.T) {
	t.Parallel()
	run := example(t.TempDir())
	if err := os.WriteFile(run.Dir.Path("a"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	s := &server{}
	at := httptest.NewServer(s)
	defer at.Close()
	l := &mlflowLog{client: MLflow{URL: at.URL}.client(), run: run, artifacts: []string{"none", "a"}}
	l.onServer.Info.Artifacts = "s3://bucket/1"
	if err := l.upload(); err != nil || !slices.Equal(s.calls, []string{"runs/set-tag"}) {
		t.Errorf("%v, calls %q", err, s.calls)
	}
}
