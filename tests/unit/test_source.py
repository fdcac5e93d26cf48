"""What only the source shows. Needs neither Terraform nor Checkov."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from tests.support.catalogue import Catalogue, Requirement
from tests.support.expectations import (
    expect,
    expect_contains,
    expect_equal,
    expect_members,
    expect_none,
    expect_subset,
    found,
    only,
)
from tests.support.hcl import Block
from tests.support.source import SourceTree

pytestmark = pytest.mark.source

ENVIRONMENTS = ["develop", "staging", "production"]


@pytest.mark.requirement("TF-04")
def test_terraform_and_provider_are_pinned(source: SourceTree, requirement: Requirement) -> None:
    blocks = [b for b in source.blocks("terraform") if b.file.name == "providers.tf"]
    terraform = only("providers.tf", "terraform block", blocks)
    required = terraform.get("required_version")
    provider_source = terraform.get("required_providers.aws.source")
    version = terraform.get("required_providers.aws.version")
    expected = requirement.expected
    expect_equal(terraform.where, "required_version", required, expected["required_version"])
    expect_equal(terraform.where, "source", provider_source, expected["provider_source"])
    expect_equal(terraform.where, "version", version, expected["provider_version"])


@pytest.mark.requirement("STATE-01")
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment_has_its_own_encrypted_and_locked_state(
    environment: str, source: SourceTree, requirement: Requirement
) -> None:
    backend, expected = source.backend(environment), requirement.expected
    where = f"{source.stack.name}/environments/{environment}.s3.tfbackend"
    wanted = {
        "bucket": expected["bucket"].format(**source.variables(environment)),
        "key": expected["keys"][environment],
        "encrypt": expected["encrypt"],
        "use_lockfile": expected["use_lockfile"],
    }
    expect_equal(where, "backend", {key: backend.get(key) for key in wanted}, wanted)
    expect_none(where, "deprecated argument", set(backend) & set(expected["rejected"]))


@pytest.mark.requirement("STATE-01")
def test_backend_block_leaves_the_key_to_the_environment(
    source: SourceTree, requirement: Requirement
) -> None:
    backends = [b for t in source.blocks("terraform") for b in t.blocks("backend")]
    backend = only("terraform/", "backend block", backends)
    expect_equal(backend.where, "backend", backend.labels, ("s3",))
    fixed = {"key", *requirement.expected["rejected"]} & set(backend.attributes)
    expect_none(backend.where, "fixed argument", fixed)


@pytest.mark.requirement("DB-07")
def test_final_snapshot_has_a_name_of_its_own(source: SourceTree) -> None:
    cluster = only("terraform/", "cluster", source.blocks("resource", "aws_rds_cluster"))
    name = str(source.resolve(cluster.get("final_snapshot_identifier")))
    wanted = "a name with the id of the cluster's generation"
    expect(cluster.where, "terraform_data." in name, wanted, name)


# Each replaces the cluster when it changes; the provider calls it ForceNew.
@pytest.mark.requirement("DB-07")
@pytest.mark.parametrize(
    "argument", ["cluster_identifier", "database_name", "master_username", "kms_key_id"]
)
def test_replaced_cluster_has_a_new_generation(argument: str, source: SourceTree) -> None:
    cluster = only("terraform/", "cluster", source.blocks("resource", "aws_rds_cluster"))
    name = str(source.resolve(cluster.get("final_snapshot_identifier")))
    generations = [b for b in source.blocks("resource", "terraform_data") if b.address in name]
    generation = only(cluster.where, "generation in final_snapshot_identifier", generations)
    triggers = source.resolve(generation.get("triggers_replace", []))
    expect_contains(generation.where, "triggers", triggers, source.resolve(cluster.get(argument)))


@pytest.mark.requirement("REDIS-01")
def test_redis_uses_arguments_that_the_provider_knows(
    source: SourceTree, requirement: Requirement
) -> None:
    groups = source.blocks("resource", "aws_elasticache_replication_group")
    group = only("terraform/", "replication group", groups)
    rejected = set(group.attributes) & set(requirement.expected["rejected"])
    expect_none(group.where, "argument that the provider rejects", rejected)
    expect_subset(group.where, "arguments", group.attributes, requirement.expected["required"])


@pytest.mark.requirement("ECS-05")
def test_service_leaves_revision_and_count_to_their_owners(
    source: SourceTree, requirement: Requirement
) -> None:
    service = only("terraform/", "ECS service", source.blocks("resource", "aws_ecs_service"))
    lifecycle = only(service.where, "lifecycle block", service.blocks("lifecycle"))
    ignored = [
        str(name)
        for name in found(service.where, "ignored change", lifecycle.get("ignore_changes", []))
    ]
    expect_members(service.where, "ignored changes", ignored, requirement.expected["ignored"])


@pytest.mark.requirement("DB-09")
@pytest.mark.parametrize(
    "kind", ["aws_rds_cluster", "aws_rds_cluster_instance", "aws_elasticache_replication_group"]
)
def test_version_that_aws_has_raised_is_not_planned_back(
    kind: str, source: SourceTree, requirement: Requirement
) -> None:
    expect_contains("DB-09", "resources", requirement.expected["resources"], kind)
    blocks = found("terraform/", kind, source.blocks("resource", kind))
    lifecycles = {block.where: block.blocks("lifecycle") for block in blocks}
    planned_back = [
        where
        for where, lifecycle in lifecycles.items()
        if requirement.expected["ignored"] not in names(lifecycle, "ignore_changes")
    ]
    expect_none(kind, f"resource that minds {requirement.expected['ignored']}", planned_back)


@pytest.mark.requirement("NET-10")
def test_public_subnets_are_given_out_with_their_routes(
    source: SourceTree, requirement: Requirement
) -> None:
    outputs = source.blocks("output", requirement.expected["output"])
    output = only("terraform/", f"output {requirement.expected['output']}", outputs)
    kinds = {name.partition(".")[0] for name in names([output], "depends_on")}
    expect_subset(output.where, "depends_on", kinds, requirement.expected["waits_for"])


@pytest.mark.requirement("MON-07")
def test_cache_waits_for_the_policy_of_its_topic(source: SourceTree) -> None:
    groups = source.blocks("resource", "aws_elasticache_replication_group")
    group = only("terraform/", "replication group", groups)
    kinds = {name.partition(".")[0] for name in names([group], "depends_on")}
    expect_contains(group.where, "depends_on", kinds, "aws_sns_topic_policy")


@pytest.mark.requirement("TF-07")
def test_what_terraform_cannot_see_is_said_to_it(
    source: SourceTree, requirement: Requirement
) -> None:
    rules = found("TF-07", "rule", requirement.expected["waits"])
    waiting = {rule["of"]: len(waiting_for(source, rule)) for rule in rules}
    wanted = {rule["of"]: rule["blocks"] for rule in rules}
    few = [f"{of}: {number} of {wanted[of]}" for of, number in waiting.items()
           if number < wanted[of]]  # fmt: skip
    expect_none("the stack", "block that does not wait for what it needs", few)


@pytest.mark.requirement("TF-08")
def test_what_others_change_is_not_planned_back(
    source: SourceTree, requirement: Requirement
) -> None:
    lists = [
        (block.where, sorted(names(block.blocks("lifecycle"), "ignore_changes")), wanted)
        for kind, wanted in requirement.expected["ignored"].items()
        for block in found("the stack", kind, source.blocks("resource", kind))
    ]
    others = [f"{where}: {ignored}, not {wanted}" for where, ignored, wanted in lists
              if ignored != wanted]  # fmt: skip
    expect_none("the stack", "list of ignored changes that is another", others)


@pytest.mark.requirement("TF-08")
def test_what_others_are_attached_to_is_replaced_first(
    source: SourceTree, requirement: Requirement
) -> None:
    late = [
        block.where
        for kind in requirement.expected["replaced_first"]
        for block in found("the stack", kind, source.blocks("resource", kind))
        if block.get("lifecycle.create_before_destroy") is not True
    ]
    expect_none("the stack", "resource that is gone before its successor is there", late)


@pytest.mark.requirement("TF-04")
def test_every_module_pins_the_same(source: SourceTree, requirement: Requirement) -> None:
    expected = requirement.expected
    blocks = found("the stack", "terraform block", source.blocks("terraform"))
    versions = {
        block.where: (block.get("required_version"), block.get("required_providers.aws.version"))
        for block in blocks
    }
    wanted = (expected["required_version"], expected["provider_version"])
    loose = [f"{where}: {pins}" for where, pins in versions.items() if pins != wanted]
    expect_none("the stack", f"module that pins another than {wanted}", loose)


@pytest.mark.requirement("ENV-02")
def test_provider_works_in_the_environments_account_only(source: SourceTree) -> None:
    providers = found("the stack", "provider block", source.blocks("provider", "aws"))
    open_ = [p.where for p in providers if p.get("allowed_account_ids") != ["var.aws_account_id"]]
    expect_none("the stack", "provider that works in any account", open_)


def waiting_for(source: SourceTree, rule: dict[str, Any]) -> list[Block]:
    """The blocks of a rule's kind that wait for as many of each type as it says."""
    kind, _, label = rule["of"].partition(".")
    needed = Counter(rule["waits_for"])
    return [
        block
        for block in source.blocks(kind, label)
        if needed <= Counter(name.partition(".")[0] for name in names([block], "depends_on"))
    ]


def names(blocks: list[Block], argument: str) -> list[str]:
    """What the argument lists in these blocks, as written."""
    return [str(name) for block in blocks for name in block.get(argument, [])]


@pytest.mark.requirement("DB-13")
def test_every_connection_url_asks_for_tls(source: SourceTree, requirement: Requirement) -> None:
    expected = requirement.expected
    urls = [
        (version.where, url)
        for version in source.blocks("resource", "aws_secretsmanager_secret_version")
        for url in re.findall(expected["url"], str(version.get("secret_string_wo")))
    ]
    clear = [
        f"{where} …{url}"
        for where, url in found(source.stack.name, "connection URL", urls)
        if not re.search(expected["secure"], url)
    ]
    expect_none(source.stack.name, "URL that does not ask for TLS", clear)


@pytest.mark.requirement("DB-15")
def test_application_is_given_every_replica_once(
    source: SourceTree, requirement: Requirement
) -> None:
    expected, where = requirement.expected, source.stack.name
    secrets = [
        str(version.get("secret_string_wo"))
        for version in source.blocks("resource", "aws_secretsmanager_secret_version")
    ]
    # One of the locals that a secret is made of lists the endpoints.
    lists = [
        str(value)
        for block in source.blocks("locals")
        for name, value in block.attributes.items()
        if any(f"local.{name}" in secret for secret in secrets)
    ]
    given = [
        instance
        for text in [*secrets, *lists]
        for instance in re.findall(r"aws_rds_cluster_instance\.(\w+)\.endpoint", text)
    ]
    instances = {one.labels[1] for one in source.blocks("resource", "aws_rds_cluster_instance")}
    expect_members(where, "replicas", given, instances - {expected["writer"]})
    expect_equal(where, "replicas given", len(given), expected["readers"])


@pytest.mark.requirement("DB-15")
def test_application_writes_by_the_writers_endpoint(source: SourceTree) -> None:
    versions = source.blocks("resource", "aws_secretsmanager_secret_version")
    # It leads to some replica, which refuses every write.
    readers = [
        one.where
        for one in found(source.stack.name, "secret's value", versions)
        if "reader_endpoint" in str(one.get("secret_string_wo"))
    ]
    expect_none(source.stack.name, "URL by the reader's endpoint", readers)


@pytest.mark.requirement("SEC-06")
def test_no_secret_is_committed(source: SourceTree, requirement: Requirement) -> None:
    forms = {name: re.compile(form) for name, form in requirement.expected["forms"].items()}
    globs = requirement.expected["files"]
    paths = sorted({path for glob in globs for path in source.stack.glob(glob)})
    lines = [
        (f"{source.stack.name}/{path.relative_to(source.stack)}:{number}", line)
        for path in found(source.stack.name, "file", paths)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    ]
    # The line says where; what stands there is not told again.
    secrets = [
        f"{where} {name}"
        for where, line in lines
        for name, form in forms.items()
        if form.search(line)
    ]
    expect_none(source.stack.name, "secret", secrets)


@pytest.mark.requirement("TF-08")
def test_nothing_else_is_left_as_it_is(
    source: SourceTree, requirement: Requirement, catalogue: Catalogue
) -> None:
    versions = catalogue.requirement("DB-09").expected
    allowed = {
        **{kind: [versions["ignored"]] for kind in versions["resources"]},
        "aws_ecs_service": catalogue.requirement("ECS-05").expected["ignored"],
        **requirement.expected["ignored"],
    }
    others = [
        f"{block.where} {name}"
        for block in found("the stack", "resource", source.blocks("resource"))
        for name in names(block.blocks("lifecycle"), "ignore_changes")
        if name not in allowed.get(block.labels[0], [])
    ]
    expect_none("the stack", "change that Terraform is told to overlook", others)


@pytest.mark.requirement("TF-06")
def test_nothing_refuses_to_be_destroyed(source: SourceTree) -> None:
    # It must be a literal, and so is the same in every environment.
    blocks = found("the stack", "resource", source.blocks("resource"))
    kept = [block.where for block in blocks if block.get("lifecycle.prevent_destroy")]
    expect_none("the stack", "resource that no destroy takes away", kept)
