"""What of the official client is run, and on what: a line a method and a line a command.

`sentence` is a refusal of the client's own that tells enough. `tolerates`: a refusal on the way is part of how the client
works. `client` says why a case cannot succeed with any server.
"""

import os
import shlex

import roboflow
from PIL import Image, ImageDraw
from roboflow.core.device import Device
from roboflow.core.model_eval import ModelEval
from roboflow.models.classification import ClassificationModel
from roboflow.models.clip import CLIPModel
from roboflow.models.gaze import GazeModel
from roboflow.models.inference import InferenceModel
from roboflow.models.instance_segmentation import InstanceSegmentationModel
from roboflow.models.keypoint_detection import KeypointDetectionModel
from roboflow.models.object_detection import ObjectDetectionModel
from roboflow.models.semantic_segmentation import SemanticSegmentationModel
from roboflow.models.video import VideoInferenceModel
from roboflow.models.vlm import VLMModel

KEY = os.environ["ROBOFLOW_API_KEY"]
SETTINGS = {"preprocessing": {"auto-orient": True}, "augmentation": {}}


def draw(path, number):
    """A picture of its own for each number."""
    picture = Image.new("RGB", (96, 64), (40, 40 + number * 3 % 200, 90))
    ImageDraw.Draw(picture).rectangle((10 + number, 10, 40 + number, 40), fill=(220, 200, number * 5 % 255))
    picture.save(path)
    return path


def stub_packaging():
    """Stands in for torch and ultralytics: weights are what the folder has."""
    from pathlib import Path
    from types import SimpleNamespace

    import roboflow.core.version
    import roboflow.util.model_processor as packing

    def package(model_type, model_path, filename="", **_options):
        archive = Path(model_path, "roboflow_deploy.zip")
        archive.write_bytes(b"weights")
        return SimpleNamespace(archive_path=archive, model_type=model_type, build_dir=Path(model_path), warnings=[])

    packing.package_custom_weights_interactive = package
    roboflow.core.version.package_custom_weights_interactive = package


def build_scene():
    """Two projects with images and a version each beside the demo's; every name that the cases use."""
    os.makedirs("tree/circle", exist_ok=True)
    os.makedirs("tree/square", exist_ok=True)
    os.makedirs("loose", exist_ok=True)
    stub_packaging()
    ws = roboflow.Roboflow().workspace()
    det = ws.create_project("Coverage Boxes", "object-detection", "MIT", "things")
    cls = ws.create_project("Coverage Classes", "single-label-classification", "MIT", "shapes")
    spare = ws.create_project("Coverage Spare", "single-label-classification", "MIT", "shapes")
    with open("box.txt", "w", encoding="utf-8") as file:
        file.write("0 0.5 0.5 0.2 0.4\n")
    with open("names.json", "w", encoding="utf-8") as file:
        file.write('{"0": "thing"}')
    with open("settings.json", "w", encoding="utf-8") as file:
        file.write('{"preprocessing": {}, "augmentation": {}}')
    images = []
    for number in range(6):
        done = det.single_upload(
            image_path=draw(f"box-{number}.png", number), annotation_path="box.txt", annotation_labelmap={"0": "thing"}
        )
        images.append(done["image"]["id"])
    for number in range(12):
        label = ("circle", "square")[number % 2]
        path = draw(f"tree/{label}/{number}.png", 20 + number)
        cls.single_upload(image_path=path, annotation_path=label)
    for number in range(20, 30):
        draw(f"loose/{number}.png", 40 + number)
    with open("frames.mp4", "wb") as file:
        file.write(b"\0" * 64)
    det.generate_version(SETTINGS)
    det.generate_version(SETTINGS)
    cls.generate_version(SETTINGS)
    digits = ws.project("digits")
    first = digits.version(1)
    return {
        **globals(),
        "ws": ws,
        "workspace": ws.url,
        "det": ws.project("coverage-boxes"),
        "cls": ws.project("coverage-classes"),
        "spare": ws.project("coverage-spare"),
        "digits": digits,
        "first": first,
        "dv": ws.project("coverage-boxes").version(1),
        "dv2": ws.project("coverage-boxes").version(2),
        "cv": ws.project("coverage-classes").version(1),
        "run": first.trainings()[0],
        "model": first.models()[0],
        "image": images[0],
        "other": images[1],
        "plain": det.single_upload(image_path=draw("plain.png", 80))["image"]["id"],
        "device": Device(KEY, ws.url, {"id": "d1"}),
        "ev": ModelEval(KEY, ws.url, "e1"),
        "id1": f"{ws.url}/digits/1",
        "boxes1": f"{ws.url}/coverage-boxes/1",
    }


HOSTED = "the hosted service's address is fixed in this class"
URL_SHOWN = "raise_for_status hides the server's sentence"
NO_TYPE = "without a model type the client ends in a TypeError"

METHODS = [
    ("module", "check_key", "roboflow.check_key(KEY, '', '')"),
    ("module", "login", "roboflow.login(force=True)", {"client": "asks a terminal for a token"}),
    ("module", "initialize_roboflow", "roboflow.initialize_roboflow()"),
    ("module", "load_model", "roboflow.load_model('https://app.roboflow.com/' + workspace + '/digits/1')"),
    ("module", "download_dataset", "roboflow.download_dataset('https://app.roboflow.com/' + workspace + '/coverage-boxes/1', 'coco', location='set')"),
    ("Roboflow", "auth", "roboflow.Roboflow().auth()"),
    ("Roboflow", "workspace", "roboflow.Roboflow().workspace().url"),
    ("Roboflow", "project", "roboflow.Roboflow().project('digits', workspace).name"),
    ("Workspace", "list_projects", "roboflow.Roboflow().workspace().list_projects()"),
    ("Workspace", "projects", "len(roboflow.Roboflow().workspace().projects())"),
    ("Workspace", "project", "ws.project('digits').name"),
    ("Workspace", "create_project", "ws.create_project('Coverage Made', 'object-detection', 'MIT', 'x').name"),
    ("Workspace", "fork_project", "ws.fork_project(source_project_slug='a/b')"),
    ("Workspace", "get_async_task", "ws.get_async_task('t1')"),
    ("Workspace", "update_image_metadata", "ws.update_image_metadata(image, metadata={'line': 4}, add_tags=['night'])"),
    ("Workspace", "batch_update_image_metadata", "ws.batch_update_image_metadata([{'imageId': image, 'addTags': ['a']}], wait=True)"),
    ("Workspace", "devices", "ws.devices()"),
    ("Workspace", "device", "ws.device('d1')"),
    ("Workspace", "create_device", "ws.create_device('d')"),
    ("Workspace", "clip_compare", "ws.clip_compare('loose', '.png', 'box-0.png')", {"client": "asks a server of CLIP"}),
    ("Workspace", "two_stage", "ws.two_stage('box-0.png', 'digits', 1, 'digits', 1)", {"client": "crops boxes of a classifier"}),
    ("Workspace", "two_stage_ocr", "ws.two_stage_ocr('box-0.png', 'digits', 1)", {"client": "crops boxes of a classifier"}),
    ("Workspace", "upload_dataset", "ws.upload_dataset('tree', 'coverage-spare', num_workers=1, project_type='single-label-classification')"),
    ("Workspace", "active_learning", "ws.active_learning('loose', '.png', ['digits', 1], 'coverage-spare', {})", {"client": HOSTED}),
    ("Workspace", "deploy_model", "ws.deploy_model('yolov8-cls', 'loose', ['digits'], 'mine')", {"client": "prints the refusal and goes on"}),
    ("Workspace", "search", "ws.search('*')"),
    ("Workspace", "delete_images", "ws.delete_images(['nothing'])"),
    ("Workspace", "search_all", "list(ws.search_all('*'))"),
    ("Workspace", "search_export", "ws.search_export('*', 'coco', 'found')"),
    ("Workspace", "list_folders", "ws.list_folders()"),
    ("Workspace", "create_folder", "ws.create_folder('f')"),
    ("Workspace", "add_projects_to_folder", "ws.add_projects_to_folder('f', ['digits'])"),
    ("Workspace", "remove_projects_from_folder", "ws.remove_projects_from_folder('f', ['digits'])"),
    ("Workspace", "list_workflows", "ws.list_workflows()"),
    ("Workspace", "get_workflow", "ws.get_workflow('w')"),
    ("Workspace", "create_workflow", "ws.create_workflow('w')"),
    ("Workspace", "get_usage", "ws.get_usage()"),
    ("Workspace", "get_plan", "ws.get_plan()"),
    ("Workspace", "write_vision_event", "ws.write_vision_event({'useCaseId': 'u'})"),
    ("Workspace", "write_vision_events_batch", "ws.write_vision_events_batch([{'useCaseId': 'u'}])"),
    ("Workspace", "query_vision_events", "ws.query_vision_events('u')"),
    ("Workspace", "query_all_vision_events", "list(ws.query_all_vision_events('u'))"),
    ("Workspace", "list_vision_event_use_cases", "ws.list_vision_event_use_cases()"),
    ("Workspace", "create_vision_event_use_case", "ws.create_vision_event_use_case('u')"),
    ("Workspace", "rename_vision_event_use_case", "ws.rename_vision_event_use_case('u', 'v')"),
    ("Workspace", "archive_vision_event_use_case", "ws.archive_vision_event_use_case('u')"),
    ("Workspace", "unarchive_vision_event_use_case", "ws.unarchive_vision_event_use_case('u')"),
    ("Workspace", "get_vision_event_metadata_schema", "ws.get_vision_event_metadata_schema('u')"),
    ("Workspace", "upload_vision_event_image", "ws.upload_vision_event_image('box-0.png')"),
    ("Workspace", "evals", "ws.evals()"),
    ("Workspace", "eval", "ws.eval('e1').refresh()"),
    ("Workspace", "trash", "ws.trash()"),
    ("Project", "get_version_information", "digits.get_version_information()"),
    ("Project", "list_versions", "digits.list_versions()"),
    ("Project", "versions", "len(digits.versions())"),
    ("Project", "generate_version", "det.generate_version(SETTINGS)"),
    ("Project", "train", "cls.train(SETTINGS)", {"client": NO_TYPE}),
    ("Project", "version", "digits.version(1).name"),
    ("Project", "check_valid_image", "det.check_valid_image('box-0.png')"),
    ("Project", "upload", "det.upload('loose', batch_name='monday', tag_names=['night'])"),
    ("Project", "upload, refused", "det.upload(draw('refused.png', 93), split='holdout')"),
    ("Project", "upload_image", "det.upload_image(draw('one.png', 90), tag_names=['a'], sequence_number=1, sequence_size=2, metadata={'line': 4})"),
    ("Project", "upload_image, refused and retried", "det.upload_image(draw('two.png', 91), split='holdout', num_retry_uploads=2)"),
    ("Project", "save_annotation", "det.save_annotation('box.txt', {'0': 'thing'}, image, annotation_overwrite=True)"),
    ("Project", "single_upload", "det.single_upload(image_path=draw('three.png', 92), annotation_path='box.txt', annotation_labelmap={'0': 'thing'})"),
    ("Project", "search", "det.search(limit=10, tag='night')"),
    ("Project", "search_all", "list(det.search_all(limit=10))"),
    ("Project", "image", "det.image(image)"),
    ("Project", "get_annotation_jobs", "det.get_annotation_jobs()"),
    ("Project", "get_annotation_job", "det.get_annotation_job('j1')"),
    ("Project", "create_annotation_job", "det.create_annotation_job('j', 'b', 1, 'a@example.org', 'b@example.org')"),
    ("Project", "get_batches", "det.get_batches()"),
    ("Project", "get_batch", "det.get_batch('b1')"),
    ("Project", "update_image_metadata", "det.update_image_metadata(image, add_tags=['day'])"),
    ("Project", "health", "det.health()"),
    ("Version", "model", "digits.version(1).model"),
    ("Version", "trainings", "len(first.trainings())"),
    ("Version", "models", "len(first.models())"),
    ("Version", "describe_train_recipe", "first.describe_train_recipe('hog-mlp-cls')"),
    ("Version", "create_training", "cv.create_training(epochs=1).training_id"),
    ("Version", "create_training, with a learning rate", "dv.create_training(model_type='rfdetr-nano', train_recipe={'hyperparameters': {'lr': 0.1}})"),
    ("Version", "download", "dv.download('coco', 'boxes-coco').location"),
    ("Version", "export", "dv.export('coco')"),
    ("Version", "train", "cv.train(model_type='hog-mlp-cls', epochs=1)"),
    ("Version", "deploy", "dv.deploy('yolov8', 'loose')"),
    ("Version", "delete", "dv2.delete()"),
    ("Version", "restore", "dv2.restore()"),
    ("Training", "models", "len(run.models)"),
    ("Training", "refresh", "run.refresh().status"),
    ("Training", "cancel", "dv.create_training(model_type='rfdetr-nano').cancel()"),
    ("Training", "stop", "dv.create_training(model_type='rfdetr-nano').stop()"),
    ("TrainedModel", "predict", "model.predict('box-0.png')[0]['top']"),
    ("TrainedModel", "predict, some classes", "model.predict('box-0.png', classes='7,8', confidence=1).json()"),
    ("TrainedModel", "predict_video", "model.predict_video('frames.mp4')"),
    ("TrainedModel", "poll_for_video_results", "model.poll_for_video_results('j1')"),
    ("TrainedModel", "poll_until_video_results", "model.poll_until_video_results('j1')"),
    ("TrainedModel", "download", "model.download(location='weights')"),
    ("ModelEval", "refresh", "ev.refresh()"),
    ("ModelEval", "map_results", "ev.map_results()"),
    ("ModelEval", "confidence_sweep", "ev.confidence_sweep()"),
    ("ModelEval", "performance_by_class", "ev.performance_by_class()"),
    ("ModelEval", "confusion_matrix", "ev.confusion_matrix()"),
    ("ModelEval", "vector_analysis", "ev.vector_analysis()"),
    ("ModelEval", "image_predictions", "ev.image_predictions()"),
    ("ModelEval", "recommendations", "ev.recommendations()"),
    ("ModelEval", "to_dict", "ev.to_dict()"),
    ("Device", "refresh", "device.refresh()"),
    ("Device", "config", "device.config()"),
    ("Device", "config_history", "device.config_history()"),
    ("Device", "streams", "device.streams()"),
    ("Device", "stream", "device.stream('s')"),
    ("Device", "logs", "device.logs()"),
    ("Device", "telemetry", "device.telemetry()"),
    ("Device", "events", "device.events()"),
    ("legacy model classes", "InferenceModel.download", "InferenceModel(KEY, id1).download(location='.')"),
    ("legacy model classes", "InferenceModel.predict_video", "ClassificationModel(KEY, id1).predict_video('frames.mp4')"),
    ("legacy model classes", "InferenceModel.poll_for_video_results", "ClassificationModel(KEY, id1).poll_for_video_results('j')"),
    ("legacy model classes", "InferenceModel.poll_until_video_results", "ClassificationModel(KEY, id1).poll_until_video_results('j')"),
    ("legacy model classes", "ObjectDetectionModel.predict", "ObjectDetectionModel(KEY, boxes1, 'coverage-boxes', '1').predict('box-0.png')", {"client": URL_SHOWN}),
    ("legacy model classes", "ObjectDetectionModel.load_model", "ObjectDetectionModel(KEY, boxes1, 'coverage-boxes', '1').load_model('coverage-boxes', '1')"),
    ("legacy model classes", "ObjectDetectionModel.webcam", "ObjectDetectionModel(KEY, boxes1, 'coverage-boxes', '1').webcam()", {"client": "needs a camera"}),
    ("legacy model classes", "ClassificationModel.predict", "ClassificationModel(KEY, id1, 'digits', '1').predict('box-0.png')"),
    ("legacy model classes", "ClassificationModel.predict, local", "digits.version(1, local=os.environ['OBJECT_DETECTION_URL'] + '/').model.predict('box-0.png')[0]['top']"),
    ("legacy model classes", "ClassificationModel.load_model", "ClassificationModel(KEY, id1, 'digits', '1').load_model('digits', '1')"),
    ("legacy model classes", "InstanceSegmentationModel.predict", "InstanceSegmentationModel(KEY, boxes1).predict('box-0.png')", {"client": URL_SHOWN}),
    ("legacy model classes", "KeypointDetectionModel.predict", "KeypointDetectionModel(KEY, boxes1, 'coverage-boxes', '1').predict('box-0.png')"),
    ("legacy model classes", "KeypointDetectionModel.load_model", "KeypointDetectionModel(KEY, boxes1, 'coverage-boxes', '1').load_model('coverage-boxes', '1')"),
    ("legacy model classes", "SemanticSegmentationModel.predict", "SemanticSegmentationModel(KEY, boxes1).predict('box-0.png')", {"client": URL_SHOWN}),
    ("legacy model classes", "VLMModel.predict", "VLMModel(KEY, boxes1, 'coverage-boxes', '1').predict('box-0.png')"),
    ("legacy model classes", "VideoInferenceModel.predict", "VideoInferenceModel(KEY).predict('frames.mp4', 'batch-video')", {"client": "breaks before it asks"}),
    ("legacy model classes", "VideoInferenceModel.poll_for_results", "VideoInferenceModel(KEY).poll_for_results('j')", {"client": "looks at an id that only its predict sets"}),
    ("legacy model classes", "VideoInferenceModel.poll_until_results", "VideoInferenceModel(KEY).poll_until_results('j')", {"client": "looks at an id that only its predict sets"}),
    ("legacy model classes", "CLIPModel", "CLIPModel(KEY).predict_video('frames.mp4')"),
    ("legacy model classes", "GazeModel", "GazeModel(KEY).predict_video('frames.mp4')", {"client": "cannot be made"}),
    ("Prediction", "json", "model.predict('box-0.png')[0].json()"),
    ("Prediction", "plot", "model.predict('box-0.png').plot()"),
    ("Prediction", "save", "model.predict('box-0.png').save('shown.jpg')"),
    ("Prediction", "add_prediction", "model.predict('box-0.png').add_prediction(model.predict('box-1.png')[0])"),
]


PRJ = "-p coverage-boxes"

_COMMANDS = [
    f"annotation batch list {PRJ}",
    f"annotation batch get b1 {PRJ}",
    f"annotation job list {PRJ}",
    f"annotation job get j1 {PRJ}",
    f"annotation job create {PRJ} --name j --batch b --num-images 1 --labeler a@example.org --reviewer b@example.org",
    "api-key list",
    "api-key get k",
    "api-key publishable",
    "api-key create k",
    "api-key update k --name n",
    "api-key protect k",
    "api-key disable k",
    "api-key revoke k -y",
    "asynctasks get t",
    "asynctasks wait t",
    "auth login --api-key {KEY}",
    "auth status",
    "auth set-workspace {workspace}",
    "batch create --workflow w --input i",
    "batch list",
    "batch results j",
    "batch status j",
    "completion bash",
    "completion zsh",
    "completion fish",
    "completion install --shell bash",
    "deployment create d --machine-type m --email a@example.org",
    "deployment add d -m m -e a@example.org",
    "deployment delete d",
    "deployment get d",
    "deployment list",
    "deployment log d",
    "deployment machine-type",
    "deployment machine_type",
    "deployment pause d",
    "deployment resume d",
    "deployment usage",
    "deployment usage_deployment d",
    "deployment usage_workspace",
    "device list",
    "device get d",
    "device create d",
    "device config d",
    "device config-history d",
    "device streams d",
    "device stream d s",
    "device logs d",
    "device telemetry d",
    "device events d",
    "eval list",
    "eval get e",
    "eval map-results e",
    "eval confidence-sweep e",
    "eval performance-by-class e",
    "eval confusion-matrix e",
    "eval vector-analysis e",
    "eval image-predictions e",
    "eval recommendations e",
    "folder list",
    "folder get f",
    "folder create f",
    "folder update f --name g",
    "folder delete f",
    "folder add-projects f digits",
    "folder remove-projects f digits",
    f"image upload box-1.png {PRJ}",
    f"image annotate {{plain}} {PRJ} --annotation-file box.txt --labelmap names.json",
    f"-w {{workspace}} image get {{image}} {PRJ}",
    "image search *",
    "image metadata {image} --tags night",
    "image tag {image} --tags day",
    f"image delete {{image}} {PRJ}",
    "model list -p digits",
    "model list -p digits -g none",
    "model get {workspace}/digits/1",
    "model star digits-1-1",
    "model infer box-0.png -m digits/1",
    ("model upload -t yolov8 -m loose -p coverage-boxes -v 1", {"client": "prints the refusal and goes on"}),
    "project list",
    "project get digits",
    "project create Cli --type object-detection",
    "project delete cli -y",
    "project restore cli",
    "project health coverage-boxes",
    "project fork {workspace}/digits",
    "train -p coverage-classes -v 1 --epochs 1",
    "train start -p coverage-boxes -v 1 -t rfdetr-nano",
    "train results coverage-boxes/1",
    "train stop {workspace}/coverage-boxes/1",
    "train start -p coverage-boxes -v 1 -t rfdetr-small",
    "train cancel {workspace}/coverage-boxes/1",
    "train start -p coverage-boxes -v 1 -t rfdetr-nano --epochs 3",
    "train start -p coverage-boxes -v 1 -t yolov8n",
    "train start -p coverage-classes -v 1 -t hog-mlp",
    "train start -p coverage-boxes -v 1 -t rfdetr-nano --speed fast",
    "train recipe -p digits -v 1 -t hog-mlp",
    "trash list",
    "universe search cats",
    "version list -p digits",
    "version get 1 -p digits",
    "version download {workspace}/coverage-boxes/1 -f coco -l cli-coco",
    "version export 1 -p coverage-boxes -f coco",
    "version create -p coverage-classes --settings settings.json",
    "version delete coverage-classes/2 -y",
    "version restore coverage-classes/2",
    "video infer -p digits -v 1 -f frames.mp4",
    "video status j",
    "vision-events query u",
    "vision-events use-cases",
    "vision-events create-use-case u",
    "vision-events rename-use-case u --name v",
    "vision-events archive-use-case u",
    "vision-events unarchive-use-case u",
    "vision-events metadata-schema u",
    "vision-events write '{{}}'",
    "vision-events write-batch '[{{}}]'",
    "vision-events upload-image box-0.png",
    "workflow list",
    "workflow get w",
    "workflow create --name w",
    "workflow update w --definition settings.json",
    "workflow version list w",
    "workflow fork other/w",
    "workflow delete w -y",
    ("workflow restore w", {"sentence": "is not in Trash"}),
    "workflow build prompt",
    "workflow run w --input i",
    "workflow deploy w",
    "workspace list",
    "workspace get",
    "workspace usage",
    "workspace plan",
    "workspace stats --start-date 2026-01-01 --end-date 2026-02-01",
    "download {workspace}/coverage-boxes/1 -f coco -l cli-coco-2",
    "get_workspace_info -p digits -v 1",
    "help",
    ("import tree -p coverage-spare", {"tolerates": True}),
    ("infer box-0.png -m coverage-boxes/1", {"client": URL_SHOWN}),
    "infer box-0.png -m digits/1",
    "login --api-key {KEY} -f",
    "run_video_inference_api -p digits -v 1 -f frames.mp4",
    "search *",
    "search-export * -f coco",
    f"upload box-2.png {PRJ}",
    ("upload_model -p coverage-boxes -v 1 -t yolov8 -m loose", {"client": "prints the refusal and goes on"}),
    "whoami",
    "auth logout",
]


def _command(row):
    line, options = row if isinstance(row, tuple) else (row, {})
    words = shlex.split(line)
    name = [word for word in words if not word.startswith("-")]
    group = f"cli {name[1] if words[0].startswith('-') else name[0]}"
    return group, f"roboflow {line.replace('{{', '{').replace('}}', '}')}", words, options


COMMANDS = [_command(row) for row in _COMMANDS]

LAST = [
    ("Project", "delete_images", "det.delete_images([other])"),
    ("Project", "delete", "spare.delete()"),
    ("Project", "restore", "spare.restore()"),
    ("Workspace", "restore_from_trash", "spare.delete() and ws.restore_from_trash('project', ws.trash()['sections']['projects'][0]['id'])"),
]


def list_missing():
    """Commands of the client that no case runs."""
    import click
    import typer
    from roboflow.cli import app

    run = [words for _group, _what, words, _options in COMMANDS]

    def walk(command, path):
        if isinstance(command, click.Group):
            for name, child in sorted(command.commands.items()):
                yield from walk(child, [*path, name])
        elif not any(path == [w for w in words if not w.startswith("-")][: len(path)] or path == words[: len(path)] or path == words[2 : 2 + len(path)] for words in run):
            yield " ".join(path)

    return list(walk(typer.main.get_command(app), []))
