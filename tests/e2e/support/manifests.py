#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds Kubernetes manifests to the types of Kubernetes' own client: unknown fields, wrong types, missing ones.

	manifests.py FILE...                       prints what is wrong
	manifests.py --env CONTAINER FILE          NAME=VALUE, a line each
	manifests.py --command CONTAINER FILE      its words, a line each
"""
import re, sys
import yaml

PLAIN = {"str": str, "int": int, "bool": bool, "object": (str, int, dict)}


def check(value, kind, path):
    inner = re.fullmatch(r"list\[(.*)\]", kind)
    if inner:
        if not isinstance(value, list):
            return ["%s: is no list" % path]
        return [fault for i, each in enumerate(value) for fault in check(each, inner[1], "%s[%d]" % (path, i))]
    inner = re.fullmatch(r"dict\(str, (.*)\)", kind)
    if inner:
        if not isinstance(value, dict):
            return ["%s: is no mapping" % path]
        return [fault for key, each in value.items() for fault in check(each, inner[1], "%s.%s" % (path, key))]
    if kind in PLAIN:
        is_fine = isinstance(value, PLAIN[kind]) and (kind != "int" or not isinstance(value, bool))
        return [] if is_fine else ["%s: %r is no %s" % (path, value, kind)]
    from kubernetes import client  # takes seconds, which the other questions do without

    model = getattr(client, kind)
    names = {name: attribute for attribute, name in model.attribute_map.items()}
    faults = ["%s: there is no field %s" % (path, name) for name in value if name not in names]
    known = {names[name]: each for name, each in value.items() if name in names}
    for attribute, each in known.items():
        faults += check(each, model.openapi_types[attribute], "%s.%s" % (path, model.attribute_map[attribute]))
    try:
        model(**known)
    except ValueError as fault:
        faults.append("%s: %s" % (path, fault))
    return faults


def pod(manifest):
    """What else must agree: labels, volumes, names."""
    spec, faults = manifest["spec"]["template"]["spec"], []
    labels = manifest["spec"]["template"]["metadata"]["labels"]
    if any(labels.get(key) != value for key, value in manifest["spec"]["selector"]["matchLabels"].items()):
        faults.append("the selector does not select the pods")
    volumes = {volume["name"] for volume in spec["volumes"]}
    for container in spec.get("initContainers", []) + spec["containers"]:
        faults += ["%s: there is no volume %s" % (container["name"], mount["name"]) for mount in container.get("volumeMounts", []) if mount["name"] not in volumes]
    return faults


def container_of(name, path):
    spec = yaml.safe_load(open(path))["spec"]["template"]["spec"]
    return next(container for container in spec["containers"] if container["name"] == name)


def main(arguments):
    if arguments[0] == "--env":
        print("\n".join("%s=%s" % (entry["name"], entry["value"]) for entry in container_of(*arguments[1:])["env"] if "value" in entry))
        return 0
    if arguments[0] == "--command":
        print("\n".join(container_of(*arguments[1:])["command"]))
        return 0
    faults = []
    for path in arguments:
        for manifest in yaml.safe_load_all(open(path)):
            faults += [path + ": " + fault for fault in check(manifest, "V1" + manifest["kind"], manifest["kind"]) + pod(manifest)]
    print("\n".join(faults), end="\n" if faults else "")
    return bool(faults)


sys.exit(main(sys.argv[1:]))
