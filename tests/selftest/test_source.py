"""The source model: values, places, modules, and one line for every mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.hcl import Block, Expression
from tests.support.outcomes import SuiteError
from tests.support.source import SourceTree

pytestmark = pytest.mark.selftest

Write = Callable[[dict[str, str]], SourceTree]


@pytest.fixture
def stack_of(tmp_path: Path) -> Path:
    """An empty directory named as the stack is."""
    directory = tmp_path / "terraform"
    directory.mkdir()
    return directory


@pytest.fixture
def write(stack_of: Path) -> Write:
    """Writes files by their path in the stack, and loads it."""

    def _write(files: dict[str, str]) -> SourceTree:
        for name, text in files.items():
            path = stack_of / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return SourceTree.load(stack_of)

    return _write


@pytest.fixture
def block(write: Write) -> Callable[[str], Block]:
    """The only block in main.tf with this text."""

    def _block(text: str) -> Block:
        (only,) = write({"main.tf": text}).modules.popitem()[1].blocks
        return only

    return _block


# --- Values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('"plain"', "plain"),
        ('""', ""),
        ('"  # no comment, // nor this"', "  # no comment, // nor this"),
        (r'"a \"quoted\" \\ word\n"', 'a "quoted" \\ word\n'),
        ('"$${kept} %%{kept}"', "${kept} %{kept}"),
        ("true", True),
        ("null", None),
        ("3", 3),
        ("-3", -3),
        ("0.25", 0.25),
        ("-1.5e3", -1500.0),
        ("(7)", 7),
        ("[]", []),
        ('[1, "two", [true]]', [1, "two", [True]]),
        ("[\n  1, # one\n  2,\n]", [1, 2]),
        ("{}", {}),
        ('{ a = 1, "b c" = 2, in = 3, (var.k) = 4, 5 : 6 }',
         {"a": 1, "b c": 2, "in": 3, "var.k": 4, "5": 6}),
        ("{\n  a = 1 # one\n  b = { c = [] }\n}", {"a": 1, "b": {"c": []}}),
        ("<<EOT\n  two\n    lines \\n \"so\"\nEOT", '  two\n    lines \\n "so"\n'),
        ("<<-EOT\n    two\n      lines\n  EOT", "two\n  lines\n"),
        ("<<EOT\nEOT", ""),
        ("<<EOT\n$${kept}\nEOT", "${kept}\n"),
    ],
)  # fmt: skip
def test_literal_is_a_plain_value(
    written: str, value: object, block: Callable[[str], Block]
) -> None:
    read = block(f"locals {{\n  x = {written}\n}}").attributes["x"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("var.region", "var.region"),
        ('"mantisnxt-${var.environment}"', "mantisnxt-${var.environment}"),
        ('" ${var.a} // ${var.b["k"]} "', ' ${var.a} // ${var.b["k"]} '),
        ('"%{ if var.a }x%{ endif }"', "%{ if var.a }x%{ endif }"),
        ("-var.n", "-var.n"),
        ("!var.b", "!var.b"),
        ("(var.a)", "var.a"),
        ("(var.a + 1) * 2", "(var.a + 1) * 2"),
        ("var.a == 1 /* why */ ? [1] : null", "var.a == 1 ? [1] : null"),
        ("var.a == 1 # why", "var.a == 1"),
        ("var.a != 1\n    && var.b", "var.a != 1\n    && var.b"),
        ("aws_subnet.private[*].id", "aws_subnet.private[*].id"),
        ('aws_subnet.private["a"].id', 'aws_subnet.private["a"].id'),
        ('jsonencode([{ name = "app" }]) // end', 'jsonencode([{ name = "app" }])'),
        ("f({\n    a = 1 # one\n    b = 2\n  })", "f({\n    a = 1\n    b = 2\n  })"),
        ("[for n in var.l : upper(n) if n != null]", "[for n in var.l : upper(n) if n != null]"),
        ("{ for k, v in var.m : k => v... }", "{ for k, v in var.m : k => v... }"),
        ("<<-EOT\n    a ${var.b} # c\n  EOT", "a ${var.b} # c\n"),
    ],
)  # fmt: skip
def test_expression_is_its_text(written: str, text: str, block: Callable[[str], Block]) -> None:
    read = block(f"locals {{\n  x = {written}\n}}").attributes["x"]
    assert isinstance(read, Expression)
    assert read == text


def test_expression_inside_a_list_is_told_from_a_string(block: Callable[[str], Block]) -> None:
    name, text = block('locals {\n  x = [auth_token, "auth_token"]\n}').attributes["x"]
    assert isinstance(name, Expression)
    assert not isinstance(text, Expression)


def test_heredoc_ends_its_line(block: Callable[[str], Block]) -> None:
    read = block("locals {\n  x = <<EOT\nEOT\n  y = 1\n}")
    assert read.attributes == {"x": "", "y": 1}


# --- Blocks -------------------------------------------------------------------------------

SERVICE = """\
# A comment, and a heredoc: neither may shift a line.
resource "aws_ecs_service" "app" {
  description = <<-EOT
    }
  EOT
  /* resource "aws_ecs_service" "old" {
  } */
  dynamic "strategy" {
    for_each = var.spot ? ["SPOT"] : []
    iterator = each

    content {
      provider = each.value
    }
  }

  strategy { provider = "FARGATE" }

  network {
    subnets = [
      "a",
    ]
  }

  lifecycle {
    ignore_changes = [task_definition, desired_count]
    precondition {
      condition = true
    }
    postcondition {
      condition = false
    }
    postcondition {
      condition = null
    }
  }
}
"""


def everything(block: Block) -> Iterator[Block]:
    """The block and all that it holds."""
    yield block
    for nested in block.nested:
        yield from everything(nested)


def test_every_block_says_where_it_stands(block: Callable[[str], Block]) -> None:
    assert [one.where for one in everything(block(SERVICE))] == [
        "terraform/main.tf:2  aws_ecs_service.app",
        "terraform/main.tf:8  aws_ecs_service.app.dynamic.strategy",
        "terraform/main.tf:12  aws_ecs_service.app.dynamic.strategy.content",
        "terraform/main.tf:17  aws_ecs_service.app.strategy",
        "terraform/main.tf:19  aws_ecs_service.app.network",
        "terraform/main.tf:25  aws_ecs_service.app.lifecycle",
        "terraform/main.tf:27  aws_ecs_service.app.lifecycle.precondition",
        "terraform/main.tf:30  aws_ecs_service.app.lifecycle.postcondition",
        "terraform/main.tf:33  aws_ecs_service.app.lifecycle.postcondition",
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_endings_shift_no_line(newline: str, block: Callable[[str], Block]) -> None:
    service = block(SERVICE.replace("\n", newline))
    assert [one.line for one in service.blocks("lifecycle")] == [25]


@pytest.mark.parametrize(
    ("kind", "labels", "lines"),
    [
        ("strategy", (), [12, 17]),
        ("dynamic", ("strategy",), [8]),
        ("dynamic", ("other",), []),
        ("content", (), []),
        ("no_such_kind", (), []),
    ],
)
def test_dynamic_content_counts_among_the_blocks_of_its_kind(
    kind: str, labels: tuple[str, ...], lines: list[int], block: Callable[[str], Block]
) -> None:
    assert [one.line for one in block(SERVICE).blocks(kind, *labels)] == lines


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("network.subnets", ["a"]),
        ("lifecycle.ignore_changes", ["task_definition", "desired_count"]),
        ("lifecycle.precondition.condition", True),
        ("dynamic.for_each", 'var.spot ? ["SPOT"] : []'),
        ("network.subnets.a", "absent"),
        ("network.no_such_name", "absent"),
        ("network", "absent"),
        ("no_such_name.subnets", "absent"),
    ],
)
def test_value_is_found_by_its_path(
    path: str, value: object, block: Callable[[str], Block]
) -> None:
    assert block(SERVICE).get(path, "absent") == value


def test_path_through_an_object_is_followed(block: Callable[[str], Block]) -> None:
    text = 'terraform {\n  required_providers {\n    aws = { version = "~> 5.100" }\n  }\n}'
    assert block(text).get("required_providers.aws.version") == "~> 5.100"


def test_path_through_several_blocks_is_refused(block: Callable[[str], Block]) -> None:
    with refused("terraform/main.tf:25  aws_ecs_service.app.lifecycle: 2 postcondition blocks, not "
                 "one: postcondition.condition"):  # fmt: skip
        block(SERVICE).get("lifecycle.postcondition.condition")


@pytest.mark.parametrize(
    ("labels", "addresses"),
    [
        ((), ["aws_sns_topic.a", "aws_sns_topic.b", "aws_sqs_queue.a"]),
        (("aws_sns_topic",), ["aws_sns_topic.a", "aws_sns_topic.b"]),
        (("aws_sns_topic", "b"), ["aws_sns_topic.b"]),
        (("aws_sns",), []),
    ],
)
def test_blocks_are_chosen_by_their_first_labels(
    labels: tuple[str, ...], addresses: list[str], write: Write
) -> None:
    files = {
        "a.tf": 'resource "aws_sns_topic" "a" {}\nresource aws_sns_topic b {}\n',
        "b.tf": 'resource "aws_sqs_queue" "a" {}\ndata "aws_sns_topic" "a" {}\n',
    }
    source = write(files)
    assert [block.address for block in source.blocks("resource", *labels)] == addresses


def test_no_block_of_the_stack_is_missed(stack: Path) -> None:
    head = re.compile(r'^[a-z]+(?: "[^"]+")* \{', re.MULTILINE)
    files = [*stack.glob("*.tf"), *stack.glob("modules/*/*.tf")]
    written = [
        (path, text.count("\n", 0, match.start()) + 1)
        for path in files
        for text in [path.read_text(encoding="utf-8")]
        for match in head.finditer(text)
    ]
    modules = SourceTree.load(stack).modules.values()
    read = [(block.file, block.line) for module in modules for block in module.blocks]
    assert sorted(read) == sorted(written)


# --- Modules and addresses ----------------------------------------------------------------

TREE = {
    "main.tf": """module "vpc" {
  source = "./modules/network"
}

module "second" {
  source = "./modules/network"
}

module "registry" {
  source = "terraform-aws-modules/vpc/aws"
}

resource "aws_cloudwatch_metric_alarm" "cache_hit_rate" {
  for_each = toset(["001", "002"])
}

data "local_file" "app" {
  source = "./app.json"
}

ephemeral "aws_secretsmanager_random_password" "db" {}

variable "region" {}

locals {
  first  = 1
  second = 2
}

output "url" {}
""",
    "modules/network/main.tf": """locals { first = "network" }

resource "aws_subnet" "private" {
  count = 3
  tags  = { Name = local.first }
}

module "log" {
  source = "../log"
}
""",
    "modules/log/main.tf": '\nresource "aws_cloudwatch_log_group" "main" {}\n',
    "modules/unused/main.tf": 'resource "aws_vpc" "unused" {}\n',
    "environments/staging.tfvars": "region = 1\n",
}


def test_called_modules_are_read_once_and_no_others(write: Write) -> None:
    source = write(TREE)
    assert [block.where for block in source.blocks("resource")] == [
        "terraform/main.tf:13  aws_cloudwatch_metric_alarm.cache_hit_rate",
        "terraform/modules/network/main.tf:3  aws_subnet.private",
        "terraform/modules/log/main.tf:2  aws_cloudwatch_log_group.main",
    ]


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ('aws_cloudwatch_metric_alarm.cache_hit_rate["001"]', "main.tf:13"),
        ('aws_cloudwatch_metric_alarm.cache_hit_rate["a.b[\\"]"]', "main.tf:13"),
        ("aws_cloudwatch_metric_alarm.cache_hit_rate", "main.tf:13"),
        ("data.local_file.app", "main.tf:17"),
        ("ephemeral.aws_secretsmanager_random_password.db", "main.tf:21"),
        ("var.region", "main.tf:23"),
        ("local.second", "main.tf:27"),
        ("output.url", "main.tf:30"),
        ("module.vpc", "main.tf:1"),
        ("module.vpc.aws_subnet.private[0]", "modules/network/main.tf:3"),
        ('module.second["x"].aws_subnet.private[2]', "modules/network/main.tf:3"),
        ("module.vpc.module.log[0].aws_cloudwatch_log_group.main", "modules/log/main.tf:2"),
        ("module.vpc.local.first", "modules/network/main.tf:1"),
    ],
)
def test_planned_address_is_located(address: str, location: str, write: Write) -> None:
    source = write(TREE)
    assert source.location(address) == f"terraform/{location}"


@pytest.mark.parametrize(
    "address",
    [
        "", ".", "[0]", "aws_subnet", "aws_subnet.private", "aws_subnet.private[", "module",
        "module.", "module.vpc.", "module.absent.aws_subnet.private", "module.vpc.aws_vpc.main",
        "module.registry.aws_vpc.this[0]", "module.vpc.module.log", "aws_vpc.unused", "a..b", "a b",
        'provider["registry.terraform.io/hashicorp/aws"].dr',
    ],
)  # fmt: skip
def test_unknown_address_has_no_location(address: str, write: Write) -> None:
    source = write({**TREE, "modules/network/main.tf": 'resource "aws_subnet" "other" {}'})
    assert (source.location(address), source.block(address)) == (None, None)


def test_planned_address_leads_to_its_block(write: Write) -> None:
    block = write(TREE).block("module.vpc.aws_subnet.private[0]")
    assert block
    assert (block.where, block.get("count")) == (
        "terraform/modules/network/main.tf:3  aws_subnet.private", 3,
    )  # fmt: skip


def test_module_beside_the_stack_is_shown_from_there(stack_of: Path, write: Write) -> None:
    shared = stack_of.parent / "shared"
    shared.mkdir()
    (shared / "main.tf").write_text('resource "aws_vpc" "main" {}\n', encoding="utf-8")
    source = write({"main.tf": 'module "vpc" {\n  source = "../shared"\n}\n'})
    assert source.location("module.vpc.aws_vpc.main") == "shared/main.tf:1"


# --- Locals -------------------------------------------------------------------------------

LOCALS = """locals {
  name    = "mantisnxt-${var.environment}"
  nodes   = 2
  ports   = [local.nodes, 443]
  sum     = local.nodes + 1
  in-use  = local.name
  tags    = { Name = local.name }
  round   = "a-${local.trip}"
  trip    = local.round
}
"""


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ("local.nodes", 2),
        ("local.name", "mantisnxt-${var.environment}"),
        ("local.in-use", "mantisnxt-${var.environment}"),
        ("local.ports", [2, 443]),
        ("local.tags", {"Name": "mantisnxt-${var.environment}"}),
        ("[local.nodes, { n = local.nodes }]", [2, {"n": 2}]),
        ('"${local.name}-app"', "mantisnxt-${var.environment}-app"),
        ('"local.name is not ${var.local.name}"', "local.name is not ${var.local.name}"),
        ("2 * local.sum", "2 * (2 + 1)"),
        ("f(local . nodes)", "f(2)"),
        ("local.tags.Name", '{ Name = "mantisnxt-${var.environment}" }.Name'),
        ("upper(local.name) # local.no", 'upper("mantisnxt-${var.environment}")'),
        ("<<EOT\n${local.nodes} local.nodes\nEOT", "${2} local.nodes\n"),
        ('"no local"', "no local"),
        ("null", None),
    ],
)
def test_locals_are_put_in_place_of_their_names(
    written: str, resolved: object, write: Write
) -> None:
    source = write({"locals.tf": LOCALS, "main.tf": f'output "x" {{\n  value = {written}\n}}\n'})
    (output,) = source.blocks("output")
    assert source.resolve(output.get("value")) == resolved


def test_local_is_its_own_module_s(write: Write) -> None:
    source = write(TREE)
    (subnet,) = source.blocks("resource", "aws_subnet")
    assert source.resolve(subnet.get("tags.Name")) == "network"


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("local.no", "terraform/main.tf:2: local.no is declared nowhere in its module"),
        ('"a-${local.no}"', "terraform/main.tf:2: local.no is declared nowhere in its module"),
        ("local.round", "terraform/locals.tf:9: local.round leads back to itself"),
        ('"a-${local.round}"', "terraform/locals.tf:9: local.round leads back to itself"),
        ("[local.trip]", "terraform/locals.tf:8: local.trip leads back to itself"),
    ],
)
def test_local_without_a_value_is_refused(written: str, message: str, write: Write) -> None:
    source = write({"locals.tf": LOCALS, "main.tf": f'output "x" {{\n  value = {written}\n}}\n'})
    (output,) = source.blocks("output")
    with refused(message):
        source.resolve(output.get("value"))


# --- Bad input ----------------------------------------------------------------------------


@contextmanager
def refused(message: str) -> Iterator[None]:
    """Expects a SuiteError with exactly this one line."""
    with pytest.raises(SuiteError) as caught:
        yield
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('resource "a" "b" {\n  x = 1\n', '1: "{" is never closed'),
        ("locals {\n  a = {\n    b = 1\n}\n", '1: "{" is never closed'),
        ("a = 1\n}\n", '2: unexpected "}"'),
        ('locals {\n  a = "x\n  b = "y"\n}\n', "2: a string does not end on its line"),
        ('locals {\n  a = "x\n  b = y"\n}\n', "2: a string does not end on its line"),
        ('locals {\n  a = "x\n}\n', "2: a string does not end on its line"),
        ('locals {\n  a = "x${var.y"\n}\n', '2: unexpected quote inside the "${" of line 2'),
        ("locals {\n  a = [1, 2\n  b = 3\n}\n", '3: unexpected "b" inside the "[" of line 2'),
        ("locals {\n  a = foo(1\n}\n", '3: unexpected "}" inside the "(" of line 2'),
        ("locals {\n  a =\n}\n", "2: unexpected end of the line"),
        ("locals {\n  a\n  b = 1\n}\n", "2: unexpected end of the line"),
        ("# one\nlocals\n", "2: unexpected end of the line"),
        ("locals {\n  a 1\n}\n", '2: unexpected "1"'),
        ("locals {\n  a = = 1\n}\n", '2: unexpected "="'),
        ("locals {\n  a: 1\n}\n", '2: unexpected ":"'),
        ("locals {\n  a = 1,\n}\n", '2: unexpected ","'),
        ("locals {\n  a = 'x'\n}\n", '2: unexpected "\'"'),
        ("locals {\n  a = 1 b = 2\n}\n", "2: two settings on one line"),
        ("locals {\n  a = 1\n  a = 2\n}\n", "3: a is already set in line 2"),
        ("locals {\n  a = <<EOT\n  x\n}\n", '2: "<<EOT" is never closed'),
        ("\n/* locals {\n}\n", '2: "/*" is never closed'),
        ("<<<<<<< HEAD\na = 1\n", '1: unexpected "<"'),
        ("locals {\x00}\n", '1: unexpected "\\x00"'),
        ('{"a": 1}\n', '1: unexpected "{"'),
        ("locals {\r\n  a =\r\n}\r\n", "2: unexpected end of the line"),
    ],
)
def test_malformed_file_is_one_line(text: str, problem: str, write: Write) -> None:
    with refused(f"terraform/broken.tf:{problem}"):
        write({"main.tf": "locals {}\n", "broken.tf": text})


def test_endless_nesting_is_one_line(write: Write) -> None:
    with refused("terraform/main.tf: nested too deeply to be read"):
        write({"main.tf": f"a = {'[' * 5000}{']' * 5000}\n"})


def test_file_that_is_not_utf_8_is_one_line(stack_of: Path) -> None:
    (stack_of / "main.tf").write_bytes(b"locals {\n  a = 1 # \xfcber\n}\n")
    with refused("terraform/main.tf:2: not UTF-8 (byte 0xfc)"):
        SourceTree.load(stack_of)


def test_byte_order_mark_is_no_mistake(write: Write) -> None:
    source = write({"main.tf": "\ufefflocals {\n  a = 1\n}\n"})
    assert source.location("local.a") == "terraform/main.tf:2"


def test_file_that_cannot_be_opened_is_one_line(stack_of: Path) -> None:
    (stack_of / "main.tf").symlink_to("nowhere.tf")
    with refused("terraform/main.tf: No such file or directory"):
        SourceTree.load(stack_of)


def test_missing_directory_is_one_line(tmp_path: Path) -> None:
    with refused("absent: No such file or directory"):
        SourceTree.load(tmp_path / "absent")


def test_directory_without_a_stack_is_one_line(write: Write) -> None:
    with refused("terraform: no .tf file in it"):
        write({"README.md": "", ".#main.tf": "{", "modules/network/main.tf": ""})


@pytest.mark.parametrize(
    "name", ["main.tf.json", "override.tf", "a_override.tf", "main.tofu", "main.tofu.json"]
)
def test_file_that_would_be_overlooked_is_refused(name: str, write: Write) -> None:
    with refused(f"terraform/{name}: not read by the suite; put it into a plain .tf file"):
        write({"main.tf": "", name: "{}"})


def test_call_of_an_absent_module_is_one_line(write: Write) -> None:
    with refused("terraform/main.tf:2  module.vpc: there is no directory ./modules/absent"):
        write({"main.tf": '\nmodule "vpc" {\n  source = "./modules/absent"\n}\n'})


def test_modules_that_call_each_other_are_read_to_the_end(write: Write) -> None:
    source = write({"main.tf": 'module "a" {\n  source = "./a"\n}\n',
                    "a/main.tf": 'module "b" {\n  source = "../a"\n}\n'})  # fmt: skip
    assert source.location("module.a.module.b.module.b") == "terraform/a/main.tf:1"


def test_changed_file_is_read_anew(write: Write) -> None:
    before, after = write({"main.tf": "locals {}\n"}), write({"main.tf": "\nlocals {}\n"})
    assert [s.blocks("locals")[0].line for s in (before, after)] == [1, 2]


# --- Settings of an environment -----------------------------------------------------------


def test_settings_of_an_environment_are_read(write: Write) -> None:
    source = write({"main.tf": "",
                    "environments/staging.s3.tfbackend": 'key     = "a/b"\nencrypt = true\n',
                    "environments/staging.tfvars": 'count = 2\nzones = ["a"]\n'})  # fmt: skip
    assert source.backend("staging") == {"key": "a/b", "encrypt": True}
    assert source.variables("staging") == {"count": 2, "zones": ["a"]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('token = "s3cr3t\n', ":1: a string does not end on its line"),
        ("token = 9s3cr3t\nx = 1\n", ":1: unexpected end of the line"),
        ('token = "" s3_cr3t = 1\n', ":1: two settings on one line"),
        ("\ntoken = s3cr3t\n", ":2: only a literal can stand here"),
        ('tokens = {\n  a = ["${s3cr3t}"]\n}\n', ":2: only a literal can stand here"),
        ("token { s3cr3t = 1 }\n", ":1: settings only, no token block"),
        ("token = [1 s3_cr3t]\n", ':1: unexpected text inside the "[" of line 1'),
    ],
)
@pytest.mark.parametrize("kind", ["s3.tfbackend", "tfvars"])
def test_malformed_settings_are_one_line_without_a_secret(
    kind: str, text: str, problem: str, write: Write
) -> None:
    source = write({"main.tf": "", f"environments/staging.{kind}": text})
    read = {"s3.tfbackend": source.backend, "tfvars": source.variables}[kind]
    with refused(f"terraform/environments/staging.{kind}{problem}"):
        read("staging")


@pytest.mark.parametrize("kind", ["s3.tfbackend", "tfvars"])
def test_missing_settings_are_one_line(kind: str, write: Write) -> None:
    source = write({"main.tf": ""})
    read = {"s3.tfbackend": source.backend, "tfvars": source.variables}[kind]
    with refused(f"terraform/environments/qa.{kind}: No such file or directory"):
        read("qa")
