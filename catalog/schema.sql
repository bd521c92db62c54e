-- The tables of catalog.db (Datasette calls the database `catalog`). Unknown is NULL, never '' or 0.
-- Values of the coded columns are those of the codebook (docs/codebook.md).

CREATE TABLE about (           -- one row: what this catalog is
    title TEXT NOT NULL,
    subject TEXT NOT NULL,
    short_subject TEXT NOT NULL,
    description TEXT NOT NULL,
    examples TEXT NOT NULL,    -- JSON list of searches to try
    topics_sha256 TEXT NOT NULL,
    rules_sha256 TEXT NOT NULL,
    version TEXT NOT NULL,     -- of lbp-evidence-catalog
    sample INTEGER NOT NULL    -- 1: invented records
);

CREATE TABLE designs (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE levels (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE interventions (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, short TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE conditions (id TEXT PRIMARY KEY, position INTEGER NOT NULL, name TEXT NOT NULL, short TEXT NOT NULL, description TEXT NOT NULL);
CREATE TABLE rules (id TEXT PRIMARY KEY, field TEXT NOT NULL, value TEXT, tier TEXT, cites TEXT);

CREATE TABLE articles (
    pmid INTEGER PRIMARY KEY,
    title TEXT,
    abstract TEXT,
    journal TEXT,
    journal_abbreviation TEXT,
    volume TEXT,
    issue TEXT,
    pages TEXT,
    year INTEGER,
    published TEXT,
    authors TEXT,              -- as cited: "Doe J, Roe R"
    first_author TEXT,
    doi TEXT,
    pmcid TEXT,
    language TEXT,
    vernacular_title TEXT,
    design TEXT NOT NULL REFERENCES designs(id),
    included TEXT,
    level TEXT NOT NULL REFERENCES levels(id),
    jbjs TEXT NOT NULL,
    timing TEXT,
    region TEXT,
    participants INTEGER,
    studies INTEGER,
    comparator TEXT,
    basis TEXT,
    direction TEXT,
    followup_months REAL,
    harms TEXT,
    certainty TEXT,
    status TEXT NOT NULL,
    in_catalog_since TEXT,
    revised TEXT,
    indexing_method TEXT,
    conflict_of_interest TEXT,
    other_abstracts TEXT,      -- abstracts in other languages or plain language, kept apart
    version INTEGER NOT NULL
);
CREATE TABLE article_interventions (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    intervention TEXT NOT NULL REFERENCES interventions(id),
    role TEXT NOT NULL,
    favoured INTEGER,
    PRIMARY KEY (pmid, intervention)
);
CREATE TABLE article_conditions (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    condition TEXT NOT NULL REFERENCES conditions(id),
    PRIMARY KEY (pmid, condition)
);
CREATE TABLE tags (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    field TEXT NOT NULL,
    value TEXT NOT NULL,
    rule TEXT NOT NULL,
    source TEXT NOT NULL,      -- curator, publication_type, mesh, title, abstract
    start INTEGER,             -- code points into title or abstract; NULL for headings
    end INTEGER,
    quote TEXT NOT NULL,
    chosen INTEGER NOT NULL    -- 1: agrees with the value the record got
);
CREATE TABLE sections (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    position INTEGER NOT NULL,
    label TEXT,
    category TEXT,
    text TEXT NOT NULL,
    PRIMARY KEY (pmid, position)
);
CREATE TABLE authors (
    id INTEGER PRIMARY KEY,
    last_name TEXT,
    fore_name TEXT,
    initials TEXT,
    suffix TEXT,
    collective TEXT,
    orcid TEXT
);
CREATE TABLE article_authors (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    position INTEGER NOT NULL,
    author INTEGER NOT NULL REFERENCES authors(id),
    affiliation TEXT,
    PRIMARY KEY (pmid, position)
);
CREATE TABLE mesh_headings (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    position INTEGER NOT NULL,
    ui TEXT,
    name TEXT NOT NULL,
    major INTEGER NOT NULL,
    qualifiers TEXT,
    PRIMARY KEY (pmid, position)
);
CREATE TABLE publication_types (pmid INTEGER NOT NULL REFERENCES articles(pmid), ui TEXT, name TEXT NOT NULL);
CREATE TABLE keywords (
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    position INTEGER NOT NULL,
    keyword TEXT NOT NULL,
    owner TEXT,
    PRIMARY KEY (pmid, position)
);
CREATE TABLE notices (         -- corrections, retractions, comments, versions: PubMed's CommentsCorrections
    pmid INTEGER NOT NULL REFERENCES articles(pmid),
    kind TEXT NOT NULL,
    notice_pmid INTEGER,
    citation TEXT,
    note TEXT
);
CREATE TABLE trials (registry_id TEXT NOT NULL, registry TEXT, pmid INTEGER NOT NULL REFERENCES articles(pmid));
CREATE TABLE article_references (pmid INTEGER NOT NULL REFERENCES articles(pmid), cited_pmid INTEGER NOT NULL);

CREATE TABLE runs (            -- the harvests this catalog was built from
    id INTEGER PRIMARY KEY, command TEXT NOT NULL, started TEXT NOT NULL, finished TEXT, state TEXT NOT NULL,
    harvester TEXT NOT NULL, topics_sha256 TEXT, topics_name TEXT, base_url TEXT, message TEXT
);
CREATE TABLE searches (
    id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL REFERENCES runs(id), topic TEXT NOT NULL, purpose TEXT NOT NULL,
    database TEXT NOT NULL, interface TEXT NOT NULL, written TEXT NOT NULL, strategy TEXT NOT NULL,
    limits TEXT, translation TEXT,
    count INTEGER NOT NULL, listed INTEGER, parts INTEGER, at TEXT NOT NULL, state TEXT NOT NULL, warnings TEXT
);
CREATE TABLE search_hits (     -- the topic's searches found the PMID from search_id until gone_search_id (NULL: still)
    topic TEXT NOT NULL, pmid INTEGER NOT NULL, search_id INTEGER NOT NULL REFERENCES searches(id), gone_search_id INTEGER,
    PRIMARY KEY (topic, pmid, search_id)
);

CREATE INDEX tags_by_article ON tags(pmid, field, chosen);
CREATE INDEX tags_by_value ON tags(field, value);
CREATE INDEX articles_by_level ON articles(level, year DESC);
CREATE INDEX articles_by_design ON articles(design, year DESC);
CREATE INDEX articles_by_year ON articles(year DESC, pmid DESC);
CREATE INDEX articles_by_doi ON articles(doi);
CREATE INDEX interventions_by_article ON article_interventions(intervention, pmid);
CREATE INDEX conditions_by_article ON article_conditions(condition, pmid);
CREATE INDEX authors_articles ON article_authors(author, pmid);
CREATE INDEX mesh_by_article ON mesh_headings(name, pmid);
CREATE INDEX types_by_article ON publication_types(pmid);
CREATE INDEX notices_by_article ON notices(pmid);
CREATE INDEX notices_by_notice ON notices(notice_pmid);
CREATE INDEX trials_by_number ON trials(registry_id);
CREATE INDEX trials_by_article ON trials(pmid);
CREATE INDEX references_by_article ON article_references(pmid);
CREATE INDEX references_by_cited ON article_references(cited_pmid);
CREATE INDEX hits_by_article ON search_hits(pmid);

-- What full-text search reads; external content of articles_fts.
CREATE VIEW articles_text AS
SELECT pmid, title, abstract, authors, journal,
    nullif(trim(
        coalesce((SELECT group_concat(name, '; ') FROM (SELECT name FROM mesh_headings m WHERE m.pmid = a.pmid ORDER BY position)), '')
        || '; ' ||
        coalesce((SELECT group_concat(keyword, '; ') FROM (SELECT keyword FROM keywords k WHERE k.pmid = a.pmid ORDER BY position)), ''),
        '; '), '') AS subjects
FROM articles a;

CREATE VIRTUAL TABLE articles_fts USING fts5(
    title, abstract, authors, journal, subjects,
    content='articles_text', content_rowid='pmid', tokenize='porter unicode61 remove_diacritics 2'
);

-- Records whose sources disagree: NLM's publication types say one design, the paper's own words gave another.
CREATE VIEW conflicts AS
SELECT t.pmid AS pmid, t.field AS field, a.design AS chosen, t.value AS disagrees, t.source AS source, t.rule AS rule, t.quote AS quote
FROM tags t JOIN articles a ON a.pmid = t.pmid
WHERE t.field = 'design' AND t.source = 'publication_type' AND t.chosen = 0
AND NOT (t.value = 'narrative_review' AND a.design IN ('systematic_review', 'guideline', 'case_report'))
AND NOT EXISTS (SELECT 1 FROM tags x WHERE x.pmid = t.pmid AND x.field = 'design' AND x.chosen = 1 AND x.source = 'publication_type')
GROUP BY t.pmid, t.field, t.value;
