//! Imports between the files of the crate, by their `use` declarations.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
    sync::LazyLock,
};

use regex::Regex;

/// Path of a module from the crate's root.
pub type Module = Vec<String>;

/// Files, with the others that each imports.
pub struct Files {
    uses: BTreeMap<Module, BTreeSet<Module>>,
}

impl Files {
    /// Reads all files in the folder.
    pub fn read(root: &Path) -> Self {
        let mut code = BTreeMap::new();
        walk(root, &mut Vec::new(), &mut code);
        let exported = code.iter().flat_map(|(module, text)| {
            let paths = declared(text, &PUBLIC);
            paths.into_iter().filter_map(|path| {
                let name = path.last()?.clone();
                let target = absolute(module, path, &code)?;
                Some(((module.clone(), name), target))
            })
        });
        let exported: HashMap<_, _> = exported.collect();
        let uses = code.iter().map(|(module, text)| {
            let paths = declared(text, &ANY).into_iter();
            let used = paths.filter_map(|path| {
                let path = absolute(module, path, &code)?;
                let file = file_of(path, &code, &exported);
                (file != *module).then_some(file)
            });
            (module.clone(), used.collect())
        });
        Self { uses: uses.collect() }
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.uses.len()
    }

    /// Returns each file with each that it imports.
    pub fn all(&self) -> impl Iterator<Item = (&Module, &Module)> {
        let pairs = self.uses.iter();
        pairs.flat_map(|(file, used)| used.iter().map(move |used| (file, used)))
    }

    /// Returns the files that can be reached from themselves, each with those on the way.
    pub fn circles(&self) -> Vec<String> {
        let mut found = Vec::new();
        for start in self.uses.keys() {
            let mut seen = BTreeSet::new();
            let mut open = vec![vec![start.clone()]];
            while let Some(way) = open.pop() {
                let Some(used) = way.last().and_then(|last| self.uses.get(last)) else {
                    continue;
                };
                if used.contains(start) {
                    let names: Vec<_> = way.iter().map(|module| module.join("/")).collect();
                    found.push(names.join(" -> "));
                    break;
                }
                for next in used {
                    if seen.insert(next.clone()) {
                        open.push([way.as_slice(), std::slice::from_ref(next)].concat());
                    }
                }
            }
        }
        found
    }
}

fn walk(folder: &Path, at: &mut Module, code: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            at.push(stem);
            walk(&path, at, code);
            at.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") && stem != "main" {
            let mut module = at.clone();
            if !matches!(stem.as_str(), "mod" | "lib") {
                module.push(stem);
            }
            let text = fs::read_to_string(&path).unwrap();
            let code_of = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
            let text = text.lines().map(code_of).collect::<Vec<_>>().join("\n");
            // Tests of a file may use whatever they need.
            let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
            code.insert(module, text);
        }
    }
}

/// Declarations of names that other modules may use.
static PUBLIC: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^\s*pub(?:\([a-z]+\))? use ([^;]+);").unwrap());

/// Declarations of all names.
static ANY: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?m)^\s*(?:pub(?:\([a-z]+\))? )?use ([^;]+);").unwrap());

/// Returns the paths in the declarations, one for each name.
fn declared(code: &str, declaration: &Regex) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for found in declaration.captures_iter(code) {
        expand(&[], &found[1], &mut paths);
    }
    paths
}

fn expand(prefix: &[String], tree: &str, paths: &mut Vec<Vec<String>>) {
    let names = |text: &str| -> Vec<String> {
        let name = |name: &str| name.split_whitespace().next().map(str::to_owned);
        text.split("::").filter_map(name).collect()
    };
    let Some(open) = tree.find('{') else {
        let path = [prefix, &names(tree)].concat();
        if path.len() > prefix.len() {
            paths.push(path);
        }
        return;
    };
    let prefix = [prefix, &names(&tree[..open])].concat();
    let close = tree.rfind('}').unwrap();
    let (mut depth, mut item) = (0, String::new());
    for character in tree[open + 1..close].chars().chain([',']) {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&prefix, &item, paths);
                item.clear();
                continue;
            }
            _ => {}
        }
        item.push(character);
    }
}

/// Returns the path from the crate's root; none if it leads out of the crate.
fn absolute(module: &Module, path: Vec<String>, code: &BTreeMap<Module, String>) -> Option<Vec<String>> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => Some([&module[..module.len().checked_sub(ups)?], &path[ups..]].concat()),
        _ => {
            let whole = [module.as_slice(), &path].concat();
            code.contains_key(&whole[..=module.len()]).then_some(whole)
        }
    }
}

/// Returns the file that defines the item of the path. A module that only re-exports a name does not define it.
fn file_of(
    mut path: Vec<String>,
    code: &BTreeMap<Module, String>,
    exported: &HashMap<(Module, String), Vec<String>>,
) -> Module {
    loop {
        let mut length = path.len();
        while !code.contains_key(&path[..length]) {
            length -= 1;
        }
        let module = path[..length].to_vec();
        let Some(name) = path.get(length) else {
            return module;
        };
        match exported.get(&(module.clone(), name.clone())) {
            Some(target) => path = [target.as_slice(), &path[length + 1..]].concat(),
            None => return module,
        }
    }
}

#[test]
fn a_circle_of_files_would_be_seen() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("lib.rs", "mod a; mod b;");
    write("a/mod.rs", "mod c;\nmod d;\npub use c::{C, Other as Another};\n");
    write("a/c.rs", "use super::d;\nuse crate::b::B;\n");
    write("a/d.rs", "use super::super::a::Unknown;\n");
    write("b.rs", "use std::fs;\nuse crate::{a::d::D};\n");
    let files = Files::read(folder.path());
    let expected = [
        "a -> a/c -> a/d",
        "a/c -> a/d -> a",
        "a/d -> a -> a/c",
        "b -> a/d -> a -> a/c",
    ];
    assert_eq!(files.circles(), expected);
    write("a/d.rs", "");
    assert!(Files::read(folder.path()).circles().is_empty());
    write("b.rs", "use crate::a::C;\n");
    assert_eq!(Files::read(folder.path()).circles(), ["a/c -> b", "b -> a/c"]);
}
