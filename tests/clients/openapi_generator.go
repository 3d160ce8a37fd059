// Uses the Go client of openapi-generator: go run ./cmd URL TOKEN.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"time"

	api "github.com/GIT_USER_ID/GIT_REPO_ID"
)

var next = regexp.MustCompile(`<([^>]*)>; *rel="next"`)

func is(found, expected interface{}) {
	if !reflect.DeepEqual(found, expected) {
		panic(fmt.Sprintf("%v is not %v", found, expected))
	}
}

func ok(err error) {
	if err != nil {
		panic(err)
	}
}

// refused returns the problem of a call that must be refused.
func refused(status int, response *http.Response, err error) api.Problem {
	var refusal *api.GenericOpenAPIError
	if !errors.As(err, &refusal) || response.StatusCode != status {
		panic(fmt.Sprintf("it was not refused with %d: %v", status, err))
	}
	return refusal.Model().(api.Problem)
}

// cursorOf returns the cursor of the next page, or an empty text.
func cursorOf(response *http.Response) string {
	link := next.FindStringSubmatch(response.Header.Get("Link"))
	if link == nil {
		return ""
	}
	address, err := url.Parse(link[1])
	ok(err)
	return address.Query().Get("cursor")
}

func main() {
	configuration := api.NewConfiguration()
	configuration.Servers = api.ServerConfigurations{{URL: os.Args[1]}}
	client := api.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), api.ContextAccessToken, os.Args[2])
	unique := time.Now().UnixNano()

	creation := *api.NewOrganisationCreation(fmt.Sprintf("Home %d", unique))
	home, _, err := client.OrganisationsAPI.CreateOrganisation(ctx).OrganisationCreation(creation).Execute()
	ok(err)

	output := *api.NewOutputRole("out", "flow")
	output.SetUnit("l/s")
	source, version := api.NewSetupSource(), api.NewSetupVersion()
	source.SetName(fmt.Sprintf("model %d", unique))
	version.SetVersion("1.0.0")
	version.SetInputRoles([]api.InputRole{})
	version.SetOutputRoles([]api.OutputRole{output})
	setup := *api.NewJobSetup(home.Id, *api.NewSetupJob("Flow"))
	setup.SetSource(*source)
	setup.SetSourceVersion(*version)
	job, _, err := client.JobsAPI.SetUpJob(ctx).JobSetup(setup).Execute()
	ok(err)

	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	points := []api.PredictionPoint{}
	for hour := 0; hour < 3; hour++ {
		point := *api.NewPredictionPoint("out", start.Add(time.Duration(hour)*time.Hour))
		point.SetValue(float64(hour))
		points = append(points, point)
	}
	post := api.NewJobPost(job.Id)
	post.SetIssueTime(start)
	post.SetPredictions(points)
	posted := api.PostedPredictions{JobPost: post}
	counts, _, err := client.PredictionsAPI.PostPredictions(ctx).PostedPredictions(posted).Execute()
	ok(err)
	is(counts.GetStored(), int32(3))
	counts, _, err = client.PredictionsAPI.PostPredictions(ctx).PostedPredictions(posted).Execute()
	ok(err)
	is(counts.GetUnchanged(), int32(3))

	window := func(metric string) api.ApiListPredictionsRequest {
		list := client.PredictionsAPI.ListPredictions(ctx).Metric(metric).JobId([]string{job.Id})
		return list.From(start).To(start.AddDate(0, 0, 1))
	}
	page, _, err := window("flow").Execute()
	ok(err)
	rows := *page.ArrayOfPrediction
	is(len(rows), 3)
	is(rows[2].ValidTime.Equal(start.Add(2*time.Hour)) && rows[2].Value == 2 && *rows[2].Unit == "l/s", true)
	page, _, err = window("flow").Shape(api.SHAPE_SERIES).Execute()
	ok(err)
	is((*page.ArrayOfPredictionSeries)[0].Values, []float64{0, 1, 2})
	page, _, err = window("other").Execute()
	ok(err)
	is(len(*page.ArrayOfPrediction), 0)
	// A time with another offset and a fraction.
	east := start.Add(time.Hour + time.Microsecond).In(time.FixedZone("", 7200))
	page, _, err = window("flow").From(east).Execute()
	ok(err)
	is(len(*page.ArrayOfPrediction), 1)

	// The client cannot decode CSV and reports an error, but the response has it.
	_, response, err := window("flow").Format(api.FORMAT_CSV).Execute()
	is(err != nil && response.StatusCode == http.StatusOK, true)
	csv, err := io.ReadAll(response.Body)
	ok(err)
	is(len(regexp.MustCompile(`\n`).FindAll(csv, -1)), 4)

	sizes := []int{}
	for cursor := ""; ; {
		list := window("flow").Limit("2")
		if cursor != "" {
			list = list.Cursor(cursor)
		}
		page, response, err := list.Execute()
		ok(err)
		sizes = append(sizes, len(*page.ArrayOfPrediction))
		if cursor = cursorOf(response); cursor == "" {
			break
		}
	}
	is(sizes, []int{2, 1})

	points[0].Role = "x"
	post.SetPredictions(points[:1])
	_, response, err = client.PredictionsAPI.PostPredictions(ctx).PostedPredictions(posted).Execute()
	problem := refused(http.StatusUnprocessableEntity, response, err)
	is(*problem.Errors[0].Pointer, "#/predictions/0/role")

	_, response, err = client.OrganisationsAPI.GetOrganisation(ctx, home.Id).Execute()
	ok(err)
	change := *api.NewOrganisationChange()
	change.SetName(fmt.Sprintf("Other %d", unique))
	update := client.OrganisationsAPI.UpdateOrganisation(ctx, home.Id).OrganisationChange(change).IfMatch(response.Header.Get("ETag"))
	changed, _, err := update.Execute()
	ok(err)
	is(changed.Name, change.GetName())
	_, response, err = update.Execute()
	refused(http.StatusPreconditionFailed, response, err)

	creationOfSensor := *api.NewSensorCreation("s", "flow")
	creationOfSensor.SetUnit("l/s")
	creationOfSensor.SetOrganisationId(home.Id)
	sensor, _, err := client.SensorsAPI.CreateSensor(ctx).SensorCreation(creationOfSensor).Execute()
	ok(err)
	is(sensor.GetUnit(), "l/s")
	clear := *api.NewSensorChange()
	clear.SetUnitNil()
	sensor, _, err = client.SensorsAPI.UpdateSensor(ctx, sensor.Id).SensorChange(clear).Execute()
	ok(err)
	is(sensor.HasUnit(), false)

	reading := []api.SensorReadingCreation{*api.NewSensorReadingCreation(*api.NewNullableFloat64(api.PtrFloat64(1.5)))}
	reading[0].SetTime(start)
	stored, _, err := client.ReadingsAPI.PostSensorReadings(ctx, sensor.Id).SensorReadings(api.SensorReadings{ArrayOfSensorReadingCreation: &reading}).Execute()
	ok(err)
	is(stored.GetStored(), int32(1))
	list, _, err := client.ReadingsAPI.ListReadings(ctx, sensor.Id).From(start).Execute()
	ok(err)
	is((*list.ArrayOfReading)[0].Value, 1.5)
	fmt.Println("openapi-generator, go: set up, posted, read in both shapes and as CSV, paged, refused, stale, null")
}
